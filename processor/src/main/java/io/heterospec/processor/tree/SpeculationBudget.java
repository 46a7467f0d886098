package io.heterospec.processor.tree;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * One budget for the trees of all sequences of a cycle. A cycle is worth {@code Σ (1 + Σ
 * survival(n)) } tokens and costs what its passes take by the {@link CostTable}; the budget seeks
 * the most tokens per millisecond over many cycles. By Dinkelbach's method (fractional programming,
 * 1967) that is to buy whatever brings more than its time is worth at the rate reached lately: the
 * head's first call, each further level and its width, and each verified node, in one queue over
 * all sequences. Where nothing pays nothing is drafted, and the cycle is plain decoding. Whether to
 * draft at all is decided by the {@link Outlook}, what to verify by the {@link Admission}; how far
 * the table is off is learned by the {@link CostCorrection}, and how far the outlook, by the {@link
 * OutlookBias}.
 *
 * <p>Weights lean the budget towards sequences of high priority or near deadlines. A cycle runs
 * {@code begin, open, widths…, admit, learn…}. Belongs to one thread.
 */
public final class SpeculationBudget {
  /** Deepest level that is drafted. */
  public static final int MAX_DEPTH = 16;

  /** Chance of the best child in text that is as predictable as text gets. */
  private static final double PREDICTABLE = 0.9;

  /** Cycles for which a decision to draft nothing stands: little changes what it is based on. */
  private static final int REST = 7;

  /** Chance that a sequence tried has become so. */
  private static final double TRIAL_CHANCE = 0.05;

  /**
   * What drafts must promise to bring for what their time is worth. Those that hardly pay gain
   * nothing and make the time per token uneven; in the simulator this costs at most a hundredth.
   */
  private static final double CAUTION = 1.05;

  private final CostTable costs;
  private final BudgetOptions options;
  private final SurvivalModel survival;
  private final Outlook outlook;
  private final Admission admission;
  // One of each for each number of sequences of the table.
  private final CostCorrection[] corrections;
  private final OutlookBias[] biases;
  private final TopNodes frontier = new TopNodes();
  private double speedup = 1; // tokens per ms against plain decoding, running mean
  private double rowsEach = 1; // rows verified for each sequence, running mean

  private int rest; // cycles for which nothing is drafted without asking again
  private int restSequences;
  private boolean comparing; // a plain pass was made for comparison, and no cycle was timed since

  private int sequences;
  private int otherRows;
  private CostCorrection correction; // of this cycle's number of sequences
  private OutlookBias bias; // of the same
  private double price; // tokens that a millisecond is worth
  private double cautiousPrice; // what drafts must promise to bring in one
  private double rowMs; // of one further verified row
  private int promisedFor; // sequences that are drafted for because it was promised to pay
  private double promised; // tokens that it brings, less what its time is worth
  private double spentMs; // on drafting, by the table
  private double readMs; // of that, on reading what the head has not seen
  private double passMs; // of the target, by the table

  /** A sequence's part of one cycle. */
  public static final class Share {
    private final DraftTree tree;
    private final SpeculationHistory history;
    private final double weight;
    private final int limit;
    private final int tokensLeft;
    final int most;
    private final int unseenRows;
    private double value;
    private double first; // chance of the root's best child
    private boolean open;
    private int width;
    int admitted;
    private int bin = -1;

    /**
     * @param weight of its tokens against those of other sequences, 1 for the usual
     * @param limit most levels that can become output, 0 for none
     * @param most nodes that can be verified
     * @param unseenRows context rows that the head must read before it drafts
     */
    public Share(
        DraftTree tree,
        SpeculationHistory history,
        double weight,
        int limit,
        int most,
        int unseenRows) {
      this.tree = tree;
      this.history = history;
      this.weight = weight;
      this.limit = Math.min(limit, MAX_DEPTH);
      this.tokensLeft = limit;
      this.most = most;
      this.unseenRows = unseenRows;
    }

    /** Whether the head drafts for it in this cycle. */
    public boolean isOpen() {
      return open;
    }

    /** Nodes of its deepest level to expand; 0 when its tree is complete. */
    public int width() {
      return width;
    }

    /** Nodes to verify. */
    public int admitted() {
      return admitted;
    }

    /** Entropy bin, -1 when nothing was drafted. */
    public int bin() {
      return bin;
    }
  }

  public SpeculationBudget(CostTable costs, SurvivalModel survival) {
    this.costs = costs;
    this.options = survival.options();
    this.outlook = new Outlook(survival, costs);
    this.admission = new Admission(costs);
    this.survival = survival;
    this.corrections = new CostCorrection[costs.sequences().length];
    this.biases = new OutlookBias[corrections.length];
    Arrays.setAll(corrections, i -> new CostCorrection());
    Arrays.setAll(biases, i -> new OutlookBias());
  }

  /**
   * Whether its sequences draft in a cycle. Beside a chunk of prefill they draft nothing unless one
   * decodes alone: such cycles are the longest that anyone waits through, and the drafts of one
   * would lengthen them for the others. Measured, leaving them out costs no throughput and takes
   * p99 of the time per token down to plain decoding's. A sequence that decodes alone delays
   * nobody, and a long prompt may be beside it for many cycles.
   *
   * @param decoding sequences that are prefilled
   */
  public static boolean drafts(int decoding, boolean besidePrefill) {
    return !besidePrefill || decoding == 1;
  }

  /** History of a sequence that joins. */
  public SpeculationHistory newHistory() {
    return new SpeculationHistory(options);
  }

  /**
   * Begins a cycle.
   *
   * @param sequenceCount of the whole cycle
   * @param rowsOfOthers rows that sequences outside the budget verify
   */
  public void begin(int sequenceCount, int rowsOfOthers) {
    sequences = sequenceCount;
    otherRows = rowsOfOthers;
    int measured = costs.measured(sequenceCount);
    correction = corrections[measured];
    bias = biases[measured];
    double plain = sequences + rowsOfOthers;
    double plainMs = costs.verifyMs(sequences, plain);
    price = Math.max(1, speedup) * sequences / plainMs;
    cautiousPrice = CAUTION * price;
    rowMs = correction.tree() * costs.rowMs(sequences, Math.max(plain / sequences, rowsEach));
  }

  /** Decides which sequences the head drafts for. */
  public void open(List<Share> shares) {
    double average = survival.continuation(0);
    for (Share share : shares) {
      share.open = false;
      share.first = share.history.firstChild(average);
      share.value = share.limit < 1 ? Double.NEGATIVE_INFINITY : share.weight * share.first;
    }
    List<Share> best = shares.stream().sorted(Comparator.comparingDouble(s -> -s.value)).toList();
    promisedFor = 0;
    if (restSequences == sequences && rest > 0) {
      rest--;
    } else if (otherRows > 0 || comparing || !correction.needsPlainPass()) {
      promiseForThoseThatPay(best);
      rest = promisedFor == 0 ? REST : 0;
      restSequences = sequences;
    } else {
      comparing = true; // for this cycle alone: beside prefill it cannot be timed
    }
    for (int i = 0; i < best.size(); i++) {
      Share share = best.get(i);
      boolean pays = i < promisedFor;
      share.open = share.limit >= 1 && (pays || isWorthATrial(share));
      if (share.open) {
        share.history.drafted(!pays);
      } else {
        share.history.idle();
      }
    }
    List<Share> opened = shares.stream().filter(Share::isOpen).toList();
    readMs = opened.stream().mapToDouble(share -> costs.readMs(share.unseenRows)).sum();
    spentMs = costs.extendMs(opened.size()) + readMs;
  }

  // As many of the likeliest as pay for what they cost together.
  private void promiseForThoseThatPay(List<Share> best) {
    outlook.begin(correction, sequences, otherRows, cautiousPrice);
    double most = 0;
    double catchUp = 0;
    for (int n = 1; n <= best.size() && best.get(n - 1).limit >= 1; n++) {
      Share share = best.get(n - 1);
      outlook.add(share.first, share.weight, share.limit);
      // What the head reads once repays in all the cycles that follow.
      double cycles = Math.max(1, Math.min(options.horizon(), share.tokensLeft / 2.0));
      catchUp += price * correction.draft() * costs.readMs(share.unseenRows) / cycles;
      double promise = outlook.net();
      double net = promise + n * bias.tokens() - catchUp;
      if (net > most) {
        most = net;
        promisedFor = n;
        promised = promise;
      }
    }
  }

  // A sequence whose drafts do not seem to pay may have become predictable. Trying costs a draft
  // that probably fails; it is worth it when, at a small chance, what is left to come would repay.
  private boolean isWorthATrial(Share share) {
    if (!share.history.isTrial()) {
      return false;
    }
    outlook.begin(correction, sequences, otherRows, price);
    outlook.add(PREDICTABLE, share.weight, share.limit);
    double each = outlook.net();
    double draftMs = costs.readMs(share.unseenRows) + costs.extendMs(1) + costs.levelMs(1, 1);
    double lost = price * correction.draft() * draftMs;
    return TRIAL_CHANCE * each * share.tokensLeft * (1 - PREDICTABLE) > lost;
  }

  /**
   * Decides which trees get a further level, and how many nodes of each are expanded.
   *
   * @param growing at least one, all as deep
   */
  public void widths(List<Share> growing) {
    for (Share share : growing) {
      share.bin = survival.binOf(share.tree);
      share.width = 0;
      share.value = Double.NEGATIVE_INFINITY;
      if (share.tree.depth() < share.limit) {
        assess(share, growing.size());
      }
    }
    List<Share> best = growing.stream().sorted(Comparator.comparingDouble(s -> -s.value)).toList();
    double deeperMs = deeperMs(growing.get(0).tree.depth()); // all have grown as far
    int count = 0;
    double most = 0;
    double levelMs = 0;
    double sum = 0;
    int nodes = 0;
    for (int n = 1; n <= best.size(); n++) {
      sum += best.get(n - 1).value;
      nodes += best.get(n - 1).width;
      double ms = costs.levelMs(n, nodes);
      double net = sum - price * (correction.draft() * ms + deeperMs);
      if (net > most) {
        most = net;
        count = n;
        levelMs = ms;
      }
    }
    best.subList(count, best.size()).forEach(share -> share.width = 0);
    spentMs += levelMs;
  }

  // Nodes of a further level make a tree taller, and attention takes longer for uneven trees.
  private double deeperMs(int depth) {
    double now = unevenMs(1.0 + depth);
    return correction.tree() * Math.max(0, unevenMs(2.0 + depth) - now);
  }

  // What a pass over the usual rows takes longer because its tallest tree has so many of them.
  private double unevenMs(double tallest) {
    double usual = Math.max(sequences * rowsEach, sequences - 1 + tallest);
    return Math.max(
        0, costs.verifyMs(sequences, usual, tallest) - costs.verifyMs(sequences, usual));
  }

  private void assess(Share share, int drafting) {
    DraftTree tree = share.tree;
    frontier.reset(survival.topK());
    for (int node = tree.levelStart(); node < tree.size(); node++) {
      frontier.offer(node, tree.logConfidence(node));
    }
    double rowsMs = costs.levelMs(drafting, 2.0 * drafting) - costs.levelMs(drafting, drafting);
    double nodeMs = correction.draft() * rowsMs / drafting;
    share.value = 0;
    for (int i = 0; i < frontier.size(); i++) {
      double own =
          share.weight * survival.survival(share.bin, tree.logConfidence(frontier.node(i)));
      double value = 0;
      for (int rank = 0; rank < survival.topK(); rank++) {
        value += Math.max(0, own * survival.continuation(share.bin, rank) - price * rowMs);
      }
      if (i > 0 && value <= price * nodeMs) {
        break;
      }
      share.value += value;
      share.width++;
    }
  }

  /** Decides how many nodes of each tree are verified: those that pay, of all trees together. */
  public void admit(List<Share> shares) {
    admission.begin(sequences, otherRows, price, correction.tree());
    for (int i = 0; i < shares.size(); i++) {
      Share share = shares.get(i);
      if (share.open && share.tree.size() > 0) {
        share.bin = survival.binOf(share.tree);
        for (int node = 0; node < share.tree.size(); node++) {
          admission.offer(i, value(share, node));
        }
      }
    }
    admission.choose(shares);
    double plainRows = sequences + (double) otherRows;
    double plainMs = costs.verifyMs(sequences, plainRows);
    passMs = admission.passMs(shares);
    double cycleMs =
        correction.draft() * spentMs + (admission.admitted() > 0 ? correction.tree() : 1) * passMs;
    if (promisedFor > 0) {
      double lostMs = cycleMs - correction.draft() * readMs - plainMs;
      bias.drafted(admission.tokens() - cautiousPrice * lostMs, promised, promisedFor);
    } else {
      bias.idle();
    }
    double rate = (sequences + admission.tokens()) / cycleMs;
    speedup += options.rateStep() * (rate * plainMs / sequences - speedup);
    rowsEach += options.rateStep() * ((plainRows + admission.admitted()) / sequences - rowsEach);
  }

  private double value(Share share, int node) {
    return share.weight * survival.survival(share.bin, share.tree.logConfidence(node));
  }

  /**
   * Learns what a cycle took, when all its sequences have a share.
   *
   * @param draftMs time until all trees were drafted
   * @param targetMs time of the target's pass and of what follows it
   */
  public void learnTimes(double draftMs, double targetMs) {
    if (otherRows > 0) {
      return;
    }
    comparing = false;
    if (admission.admitted() > 0) {
      correction.treePass(passMs, targetMs);
    } else {
      correction.plainPass(passMs, targetMs);
    }
    if (spentMs > 0) {
      correction.drafting(spentMs, draftMs);
    }
  }

  /**
   * Learns from what the target chose.
   *
   * @param verified the verified part of the share's tree
   * @param path what the target accepted of it
   */
  public void learn(Share share, VerifyTree verified, AcceptedPath path) {
    if (!share.open || share.tree.size() == 0) {
      return;
    }
    int accepted = path.accepted();
    int next = 1;
    for (int row = 1; row < verified.rows(); row++) {
      boolean survived = next <= accepted && path.rows()[next] == row;
      next += survived ? 1 : 0;
      survival.learnNode(share.bin, share.tree.logConfidence(verified.node(row)), survived);
    }
    for (int step = 0; step <= accepted; step++) {
      int node = verified.node(path.rows()[step]);
      int token = step < accepted ? verified.token(path.rows()[step + 1]) : path.bonus();
      if (share.tree.isExpanded(node)) {
        int rank = share.tree.rankOfChild(node, token);
        survival.learnContinuation(share.bin, rank);
        if (step == 0) {
          share.history.learn(rank == 0);
        }
      }
    }
    survival.refresh(share.bin);
  }
}
