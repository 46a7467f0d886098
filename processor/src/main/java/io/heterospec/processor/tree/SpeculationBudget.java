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
 * all sequences. Where nothing pays nothing is drafted, and the cycle is plain decoding.
 *
 * <p>Weights lean the budget towards sequences of high priority or near deadlines. A cycle runs
 * {@code begin, open, widths…, admit, learn…}. Belongs to one thread.
 */
public final class SpeculationBudget {
  /** Deepest level that is drafted. */
  public static final int MAX_DEPTH = 16;

  /** Share of the latest cycle in the rate that prices are taken from. */
  private static final double RATE_STEP = 0.05;

  /** Chance of the best child in text that is as predictable as text gets. */
  private static final double PREDICTABLE = 0.9;

  /** Chance that a sequence tried has become so. */
  private static final double TRIAL_CHANCE = 0.05;

  /** Rows of the tree that {@code paddingMs} is taken from. */
  private static final int LONE_ROWS = 5;

  private final CostTable costs;
  private final SurvivalModel survival;
  private final TopNodes frontier = new TopNodes();
  private double speedup = 1; // tokens per ms against plain decoding, running mean
  private double rowsEach = 1; // rows verified for each sequence, running mean

  private int sequences;
  private int otherRows;
  private double price; // tokens that a millisecond is worth
  private double rowMs; // of one further verified row
  private double paddingMs; // of the first tree among single rows, beside its rows
  private double spentMs; // on drafting

  /** A sequence's part of one cycle. */
  public static final class Share {
    private final DraftTree tree;
    private final SpeculationHistory history;
    private final double weight;
    private final int limit;
    private final int tokensLeft;
    private final int most;
    private final int unseenRows;
    private double value;
    private boolean open;
    private int width;
    private int admitted;
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
    this.survival = survival;
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
    double plain = sequences + rowsOfOthers;
    double plainMs = costs.verifyMs(sequences, plain);
    price = Math.max(1, speedup) * sequences / plainMs;
    double rows = Math.max(plain, rowsEach * sequences);
    rowMs =
        (costs.verifyMs(sequences, rows + sequences) - costs.verifyMs(sequences, rows)) / sequences;
    double loneTree = costs.verifyMs(sequences, plain + LONE_ROWS - 1, LONE_ROWS);
    paddingMs = Math.max(0, loneTree - plainMs - rowMs * (LONE_ROWS - 1));
    spentMs = 0;
  }

  /** Decides which sequences the head drafts for. */
  public void open(List<Share> shares) {
    double average = survival.continuation(0);
    for (Share share : shares) {
      share.open = false;
      if (share.limit < 1) {
        share.value = Double.NEGATIVE_INFINITY;
        continue;
      }
      share.value = treeValue(share, share.history.firstChild(average), shares.size());
    }
    List<Share> best = shares.stream().sorted(Comparator.comparingDouble(s -> -s.value)).toList();
    int count = bestCount(best, n -> costs.extendMs(n) + paddingMs);
    for (int i = 0; i < best.size(); i++) {
      Share share = best.get(i);
      boolean pays = i < count;
      share.open = share.limit >= 1 && (pays || isWorthATrial(share));
      if (share.open) {
        share.history.drafted(!pays);
      } else {
        share.history.idle();
      }
    }
    int opened = (int) shares.stream().filter(Share::isOpen).count();
    spentMs += costs.extendMs(opened);
  }

  // Tokens that drafting for a sequence brings, less what its rows and levels cost beyond the first
  // call. The root's best child is accepted with chance `first`, and below it a chain goes on as
  // well as it began, each level at its share of the cost.
  private double treeValue(Share share, double first, int drafting) {
    double average = survival.continuation(0);
    double value = childrenValue(share.weight, first, (1 - first) / Math.max(1e-9, 1 - average));
    double chain = share.weight * first;
    double levelMs = costs.levelMs(drafting, drafting) / drafting + rowMs;
    for (int level = 2; level <= share.limit; level++) {
      chain *= first;
      double more = chain - price * levelMs;
      if (more <= 0) {
        break;
      }
      value += more;
    }
    return value - price * catchUpMs(share) * share.weight;
  }

  // The head reads what it has not seen before it drafts.
  private double catchUpMs(Share share) {
    return costs.levelMs(1, 1.0 + share.unseenRows) - costs.levelMs(1, 1);
  }

  // A sequence whose drafts do not seem to pay may have become predictable. Trying costs a draft
  // that probably fails; it is worth it when, at a small chance, what is left to come would repay.
  private boolean isWorthATrial(Share share) {
    if (!share.history.isTrial()) {
      return false;
    }
    double catchUp = price * catchUpMs(share);
    double each = treeValue(share, PREDICTABLE, 1) + catchUp - price * costs.extendMs(1);
    double lost = catchUp + price * (costs.extendMs(1) + costs.levelMs(1, 1));
    return TRIAL_CHANCE * each * share.tokensLeft * (1 - PREDICTABLE) > lost;
  }

  // Tokens that the children of the root bring, less what their rows cost.
  private double childrenValue(double weight, double first, double restScale) {
    double value = Math.max(0, weight * first - price * rowMs);
    for (int rank = 1; rank < survival.topK(); rank++) {
      value += Math.max(0, weight * survival.continuation(rank) * restScale - price * rowMs);
    }
    return value;
  }

  private interface Cost {
    double of(int count);
  }

  // How many of the best shares pay for what they cost together; 0 when none do.
  private int bestCount(List<Share> best, Cost cost) {
    int count = 0;
    double most = 0;
    double sum = 0;
    for (int n = 1; n <= best.size(); n++) {
      sum += best.get(n - 1).value;
      double net = sum - price * cost.of(n);
      if (net > most) {
        most = net;
        count = n;
      }
    }
    return count;
  }

  /** Decides which trees get a further level, and how many nodes of each are expanded. */
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
    int count =
        bestCount(
            best,
            n -> {
              int nodes = 0;
              for (int i = 0; i < n; i++) {
                nodes += best.get(i).width;
              }
              return costs.levelMs(n, Math.max(n, nodes));
            });
    int nodes = 0;
    for (int i = 0; i < best.size(); i++) {
      if (i < count) {
        nodes += best.get(i).width;
      } else {
        best.get(i).width = 0;
      }
    }
    if (count > 0) {
      spentMs += costs.levelMs(count, nodes);
    }
  }

  private void assess(Share share, int drafting) {
    DraftTree tree = share.tree;
    frontier.reset(survival.topK());
    for (int node = tree.levelStart(); node < tree.size(); node++) {
      frontier.offer(node, tree.logConfidence(node));
    }
    double rowsMs = costs.levelMs(drafting, 2.0 * drafting) - costs.levelMs(drafting, drafting);
    double nodeMs = rowsMs / drafting;
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
    int candidates = 0;
    for (Share share : shares) {
      share.admitted = 0;
      if (share.open && share.tree.size() > 0) {
        share.bin = survival.binOf(share.tree);
        candidates += share.tree.size();
      }
    }
    // Values in the upper half of each number and shares in the lower: positive floats sort as
    // integers do.
    long[] queue = new long[candidates];
    int at = 0;
    for (int i = 0; i < shares.size(); i++) {
      Share share = shares.get(i);
      for (int node = 0; share.open && node < share.tree.size(); node++) {
        queue[at++] = (long) Float.floatToIntBits((float) value(share, node)) << Integer.SIZE | i;
      }
    }
    Arrays.sort(queue);
    double plainRows = sequences + (double) otherRows;
    double plainMs = costs.verifyMs(sequences, plainRows);
    double tokens = 0;
    double most = 0;
    double gained = 0;
    int best = 0;
    int rows = 0;
    int tallest = 1;
    for (int n = 1; n <= candidates; n++) {
      long next = queue[candidates - n];
      Share share = shares.get((int) next);
      if (share.admitted == share.most) {
        continue;
      }
      tallest = Math.max(tallest, 1 + ++share.admitted);
      tokens += Float.intBitsToFloat((int) (next >>> Integer.SIZE));
      double passMs = passMs(plainRows + ++rows, tallest);
      double net = tokens - price * (passMs - plainMs);
      if (net > most) {
        most = net;
        gained = tokens;
        best = n;
      }
    }
    int admitted = keepBest(shares, queue, best);
    double rate = (sequences + gained) / (spentMs + passMs(plainRows + admitted, tallest(shares)));
    speedup += RATE_STEP * (rate * plainMs / sequences - speedup);
    rowsEach += RATE_STEP * ((plainRows + admitted) / sequences - rowsEach);
  }

  private double passMs(double rows, int tallest) {
    return otherRows > 0
        ? costs.verifyMs(sequences, rows)
        : costs.verifyMs(sequences, rows, tallest);
  }

  private static int tallest(List<Share> shares) {
    return 1 + shares.stream().mapToInt(Share::admitted).max().orElse(0);
  }

  private static int keepBest(List<Share> shares, long[] queue, int best) {
    shares.forEach(share -> share.admitted = 0);
    int admitted = 0;
    for (int n = 1; n <= best; n++) {
      Share share = shares.get((int) queue[queue.length - n]);
      if (share.admitted < share.most) {
        share.admitted++;
        admitted++;
      }
    }
    return admitted;
  }

  private double value(Share share, int node) {
    return share.weight * survival.survival(share.bin, share.tree.logConfidence(node));
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
