package io.heterospec.processor.engine;

import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.Proposals;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.TreePolicy.Assessment;
import io.heterospec.processor.tree.TreeShape;
import java.util.ArrayList;
import java.util.List;

/**
 * Grows the draft trees of all sequences together, level by level, with the draft head (EAGLE-2/3):
 * to each policy's depth and, after the policy's assessment, beyond it (HeteroSpec, dynamic
 * extended drafting). One call of the head serves a level of every sequence that still drafts.
 * Belongs to the engine's thread.
 */
final class Drafter {
  private final DraftHead head;
  private final SpeculationBudget budget;
  private final RowBatch batch = new RowBatch();
  private final float[] logProbs = new float[TreeShape.MAX_TOP_K];
  private final int[] tokens = new int[TreeShape.MAX_TOP_K];
  private int budgetedRows;

  /** A sequence whose tree is growing. */
  private static final class Growing {
    private final Sequence sequence;
    private final int limit; // most levels that can still become output
    private int goal;
    private int width; // nodes of the deepest level to expand next
    private int firstHidden; // row of its first node in the hidden states of the level above

    Growing(Sequence sequence, int limit) {
      this.sequence = sequence;
      this.limit = limit;
      this.goal = Math.min(sequence.policy.shape().depth(), limit);
    }

    DraftTree tree() {
      return sequence.draft;
    }
  }

  Drafter(DraftHead head, SpeculationBudget budget) {
    this.head = head;
    this.budget = budget;
  }

  /** Rows that the budget gave its sequences in the last cycle, their roots included. */
  int budgetedRows() {
    return budgetedRows;
  }

  /** Drafts for one cycle of every sequence whose policy drafts and that has room for a draft. */
  void draft(List<Sequence> sequences) {
    List<Growing> growing = new ArrayList<>();
    List<SpeculationBudget.Share> shares = new ArrayList<>();
    int others = 0;
    long now = System.currentTimeMillis();
    for (Sequence sequence : sequences) {
      sequence.draft.reset(1);
      sequence.drafted = Draft.NONE;
      sequence.share = null;
      // A token beyond the limit could never be emitted.
      int limit = sequence.text.remaining() - 1;
      boolean able = limit >= 1 && sequence.policy.drafts() && !sequence.features().isEmpty();
      if (sequence.isBudgeted()) {
        sequence.share = share(sequence, able ? limit : 0, now);
        shares.add(sequence.share);
      } else if (able) {
        growing.add(new Growing(sequence, limit));
        others += sequence.policy.shape().nodes();
      }
    }
    budgetedRows = shares.size();
    if (!shares.isEmpty()) {
      budget.begin(sequences.size(), others);
      budget.open(shares);
      for (Sequence sequence : sequences) {
        if (sequence.share != null && sequence.share.isOpen()) {
          growing.add(new Growing(sequence, sequence.text.remaining() - 1));
        }
      }
    }
    if (!growing.isEmpty()) {
      grow(growing);
    }
    if (!shares.isEmpty()) {
      admit(sequences, shares);
    }
  }

  private static SpeculationBudget.Share share(Sequence sequence, int limit, long now) {
    int most = sequence.policy.shape().nodes() + TreeShape.MAX_DEPTH;
    return new SpeculationBudget.Share(
        sequence.draft,
        sequence.history,
        Urgency.of(sequence, now),
        limit,
        Math.min(most, sequence.scratchRows()),
        sequence.unseenRows());
  }

  private void admit(List<Sequence> sequences, List<SpeculationBudget.Share> shares) {
    budget.admit(shares);
    for (Sequence sequence : sequences) {
      SpeculationBudget.Share share = sequence.share;
      if (share != null && share.isOpen()) {
        DraftTree tree = sequence.draft;
        sequence.drafted =
            Draft.of(
                tree, new Assessment(tree.metaPathEntropy(), share.bin(), 0, share.admitted()));
        budgetedRows += share.admitted();
      }
    }
  }

  private void grow(List<Growing> growing) {
    // All policies of an engine share the base tree's width.
    int k =
        Math.min(
            growing.get(0).sequence.policy.shape().topK(), head.config().draftVocabularySize());
    Proposals last = extend(growing, k);
    try {
      while (!growing.isEmpty()) {
        List<SpeculationBudget.Share> budgeted = new ArrayList<>();
        for (Growing each : growing) {
          if (each.sequence.share == null) {
            each.width = isDone(each) ? 0 : k;
          } else {
            budgeted.add(each.sequence.share);
          }
        }
        if (!budgeted.isEmpty()) {
          budget.widths(budgeted);
        }
        growing.removeIf(
            each -> {
              each.width = each.sequence.share == null ? each.width : each.sequence.share.width();
              return each.width == 0;
            });
        if (!growing.isEmpty()) {
          Proposals next = level(growing, last, k);
          last.close();
          last = next;
        }
      }
    } finally {
      last.close();
    }
  }

  // A tree that the remaining length keeps below the policy's depth is not assessed: its entropy is
  // a sum over fewer levels than the bins were made for.
  private boolean isDone(Growing growing) {
    Sequence sequence = growing.sequence;
    DraftTree tree = growing.tree();
    if (tree.depth() < growing.goal) {
      return false;
    }
    TreeShape shape = sequence.policy.shape();
    if (shape.depth() > growing.limit) {
      sequence.drafted =
          Draft.of(tree, new Assessment(tree.metaPathEntropy(), -1, 0, shape.nodes()));
      return true;
    }
    if (sequence.drafted == Draft.NONE) {
      Assessment assessment = sequence.policy.assess(tree);
      sequence.drafted = Draft.of(tree, assessment);
      growing.goal = Math.min(shape.depth() + assessment.extraDepth(), growing.limit);
    }
    return tree.depth() >= growing.goal;
  }

  // The context rows the head has not seen: the features of tokens from, from+1, … with the tokens
  // after them, the last of which is the root.
  private Proposals extend(List<Growing> growing, int k) {
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
      tree.selectFrontier(each.width);
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
    tree.expand(node, logProbs, tokens, 0, proposals.k());
  }
}
