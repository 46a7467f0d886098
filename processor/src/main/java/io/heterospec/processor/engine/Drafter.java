package io.heterospec.processor.engine;

import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.Proposals;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.tree.Draft;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.GrowingTree;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.TreeGrowth;
import io.heterospec.processor.tree.TreeShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the draft head for the trees of all sequences: one call of the head serves a level of every
 * sequence that still drafts. Belongs to the engine's thread.
 */
final class Drafter {
  private static final Logger LOG = LoggerFactory.getLogger(Drafter.class);

  /** Context rows from which on it is faster to read all but the last in a call of their own. */
  private static final int MANY_ROWS = 16;

  private final DraftHead head;
  private final TreeGrowth growth;
  private final RowBatch batch = new RowBatch();
  private final float[] logProbs = new float[TreeShape.MAX_TOP_K];
  private final int[] tokens = new int[TreeShape.MAX_TOP_K];
  private boolean warned; // of a head that overflows

  /** A sequence whose tree may grow. */
  private static final class Growing extends GrowingTree {
    private final Sequence sequence;
    private int firstHidden; // row of its first node in the hidden states of the level above

    Growing(Sequence sequence, int limit, SpeculationBudget.Share share) {
      super(sequence.policy, sequence.draft, limit, share);
      this.sequence = sequence;
    }
  }

  /** The calls of one cycle; hidden states of a level live until the next is expanded. */
  private final class Calls implements TreeGrowth.Head<Growing>, AutoCloseable {
    private Proposals last;
    private int k;

    @Override
    public void expandRoots(List<Growing> growing) {
      // All policies of an engine share the base tree's width.
      int topK = growing.get(0).policy().shape().topK();
      k = Math.min(topK, head.config().draftVocabularySize());
      last = extend(growing, k);
    }

    @Override
    public void expandFrontiers(List<Growing> growing) {
      Proposals next = level(growing, last, k);
      last.close();
      last = next;
    }

    @Override
    public void close() {
      if (last != null) {
        last.close();
      }
    }
  }

  Drafter(DraftHead head, SpeculationBudget budget) {
    this.head = head;
    this.growth = new TreeGrowth(budget);
  }

  /** Rows that the budget gave its sequences in the last cycle, their roots included. */
  int budgetedRows() {
    return growth.budgetedRows();
  }

  /**
   * Drafts for one cycle of every sequence whose policy drafts and that has room for a draft.
   *
   * @param speculate false where none drafts in this cycle, as if all decoded plainly
   * @param besidePrefill whether a chunk of prefill takes part in the cycle
   */
  void draft(List<Sequence> sequences, boolean speculate, boolean besidePrefill) {
    List<Growing> growing = new ArrayList<>();
    long now = System.currentTimeMillis();
    boolean budgets = speculate && SpeculationBudget.drafts(sequences.size(), besidePrefill);
    for (Sequence sequence : sequences) {
      sequence.draft.reset(1);
      sequence.drafted = Draft.NONE;
      sequence.share = null;
      if (!(sequence.isBudgeted() ? budgets : speculate)) {
        continue;
      }
      // A token beyond the limit could never be emitted.
      int limit = sequence.text.remaining() - 1;
      boolean able = limit >= 1 && sequence.policy.drafts() && !sequence.features().isEmpty();
      if (sequence.isBudgeted()) {
        sequence.share = share(sequence, able ? limit : 0, now);
      }
      if (able || sequence.share != null) {
        growing.add(new Growing(sequence, limit, sequence.share));
      }
    }
    try (Calls calls = new Calls()) {
      growth.grow(growing, sequences.size(), calls);
    }
    growing.forEach(each -> each.sequence.drafted = each.draft());
  }

  private static SpeculationBudget.Share share(Sequence sequence, int limit, long now) {
    return new SpeculationBudget.Share(
        sequence.draft,
        sequence.history,
        Urgency.of(sequence, now),
        limit,
        Math.min(sequence.policy.shape().mostNodes(), sequence.scratchRows()),
        sequence.unseenRows());
  }

  // The context rows the head has not seen: the features of tokens from, from+1, … with the tokens
  // after them, the last of which is the root.
  private Proposals extend(List<Growing> growing, int k) {
    readAhead(growing);
    batch.reset();
    List<Features.Rows> features = new ArrayList<>();
    for (Growing each : growing) {
      addContext(batch, each.sequence, each.sequence.rootPosition());
      features.addAll(each.sequence.features());
      each.tree().reset(k);
    }
    Proposals proposals = head.extend(batch, features, k);
    for (int i = 0; i < growing.size(); i++) {
      growing.get(i).sequence.dropFeatures();
      growing.get(i).firstHidden = i;
      expand(growing.get(i).tree(), DraftTree.ROOT, proposals, i);
    }
    return proposals;
  }

  // What has gathered of a prompt is read first, but for the last row, after which it proposes.
  private void readAhead(List<Growing> growing) {
    List<Sequence> behind =
        growing.stream()
            .map(each -> each.sequence)
            .filter(sequence -> sequence.unseenRows() >= MANY_ROWS)
            .toList();
    if (behind.isEmpty()) {
      return;
    }
    batch.reset();
    List<Features.Rows> features = new ArrayList<>();
    for (Sequence sequence : behind) {
      features.addAll(sequence.features(sequence.unseenRows() - 1));
      addContext(batch, sequence, sequence.rootPosition() - 1);
    }
    head.addContext(batch, features);
    behind.forEach(Sequence::keepLastFeatures);
  }

  /** Adds the head's rows for the tokens from its length to {@code end}. */
  static void addContext(RowBatch batch, Sequence sequence, int end) {
    int from = sequence.headCache().length();
    int row = batch.start(batch.add(sequence.headCache(), end - from));
    for (int position = from; position < end; position++) {
      batch.set(row++, sequence.tokens()[position + 1], position);
    }
  }

  private Proposals level(List<Growing> growing, Proposals above, int k) {
    batch.reset();
    for (Growing each : growing) {
      DraftTree tree = each.tree();
      int aboveStart = tree.slots() - tree.frontierSize();
      tree.selectFrontier(each.width());
      int count = tree.frontierSize();
      int index = batch.add(each.sequence.headCache(), count, tree.slots());
      int row = batch.start(index);
      int position = each.sequence.rootPosition() + tree.depth() - 1;
      for (int i = 0; i < count; i++) {
        int node = tree.frontier(i);
        int parent = tree.parent(node);
        batch.set(row + i, tree.token(node), position);
        batch.setParent(
            row + i,
            each.firstHidden + (parent == DraftTree.ROOT ? 0 : tree.slot(parent) - aboveStart));
      }
      tree.writeFrontierMask(batch.masks(), batch.maskStart(index), tree.slots());
    }
    Proposals proposals = head.level(batch, above.hidden(), k);
    for (int s = 0; s < growing.size(); s++) {
      DraftTree tree = growing.get(s).tree();
      growing.get(s).firstHidden = batch.start(s);
      for (int i = 0; i < tree.frontierSize(); i++) {
        expand(tree, tree.frontier(i), proposals, batch.start(s) + i);
      }
    }
    return proposals;
  }

  private void expand(DraftTree tree, int node, Proposals proposals, int row) {
    proposals.copyRow(row, logProbs, tokens);
    if (Float.isNaN(logProbs[0])) {
      // A row has one normaliser, so all of it is lost. The target decodes on without proposals.
      Arrays.fill(logProbs, 0, proposals.k(), Float.NEGATIVE_INFINITY);
      if (!warned) {
        warned = true;
        LOG.warn("the draft head returned NaN; its proposals are not used; check its dtype");
      }
    }
    tree.expand(node, logProbs, tokens, 0, proposals.k());
  }
}
