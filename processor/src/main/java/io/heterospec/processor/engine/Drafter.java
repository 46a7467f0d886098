package io.heterospec.processor.engine;

import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.Proposals;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.TreePolicy.Assessment;
import io.heterospec.processor.tree.TreeShape;

/**
 * Grows a sequence's draft tree level by level with the draft head (EAGLE-2/3), to the policy's
 * depth and, after the policy's assessment, beyond it (HeteroSpec, dynamic extended drafting).
 * Belongs to the engine's thread.
 */
final class Drafter {
  private final DraftHead head;

  /**
   * What one cycle's drafting came to.
   *
   * @param assessment the policy's
   * @param depthEntropies entropies along the meta-path when it was assessed
   * @param metaPathEnd node that ended the meta-path then
   */
  record Draft(Assessment assessment, double[] depthEntropies, int metaPathEnd) {
    static final Draft NONE =
        new Draft(new Assessment(Double.NaN, -1, 0, 0), new double[0], DraftTree.ROOT);

    static Draft of(DraftTree tree, Assessment assessment) {
      return new Draft(assessment, tree.depthEntropies(), tree.metaPathEnd());
    }
  }

  private final float[] logProbs = new float[TreeShape.MAX_TOP_K];
  private final int[] tokens = new int[TreeShape.MAX_TOP_K];
  private float[] mask = new float[0];

  Drafter(DraftHead head) {
    this.head = head;
  }

  /**
   * Drafts for one cycle. A tree that the remaining length keeps below the policy's depth is not
   * assessed: its entropy is a sum over fewer levels than the bins were made for.
   *
   * @param maxDepth most levels that can still become output, at least 1
   */
  Draft draft(Sequence sequence, int maxDepth) {
    TreeShape shape = sequence.policy.shape();
    DraftTree tree = sequence.draft;
    int k = Math.min(shape.topK(), head.config().draftVocabularySize());
    tree.reset(k);
    Proposals last = extend(sequence, k);
    try {
      expand(tree, DraftTree.ROOT, last, 0);
      last = levels(sequence, last, Math.min(shape.depth(), maxDepth), k);
      if (shape.depth() > maxDepth) {
        return Draft.of(tree, new Assessment(tree.metaPathEntropy(), -1, 0, shape.nodes()));
      }
      Assessment assessment = sequence.policy.assess(tree);
      Draft draft = Draft.of(tree, assessment);
      last = levels(sequence, last, Math.min(shape.depth() + assessment.extraDepth(), maxDepth), k);
      return draft;
    } finally {
      last.close();
    }
  }

  // The context rows the head has not seen: the features of tokens from, from+1, … with the tokens
  // after them, the last of which is the root.
  private Proposals extend(Sequence sequence, int k) {
    int from = sequence.headCache().length() + 1;
    Proposals proposals =
        head.extend(
            sequence.tokens(),
            from,
            sequence.length(),
            sequence.features(),
            sequence.headCache(),
            k);
    sequence.features(null);
    return proposals;
  }

  private Proposals levels(Sequence sequence, Proposals above, int depth, int k) {
    DraftTree tree = sequence.draft;
    Proposals last = above;
    while (tree.depth() < depth) {
      Proposals next = level(sequence, last, k);
      last.close();
      last = next;
      for (int i = 0; i < tree.frontierSize(); i++) {
        expand(tree, tree.frontier(i), next, i);
      }
    }
    return last;
  }

  private Proposals level(Sequence sequence, Proposals above, int k) {
    DraftTree tree = sequence.draft;
    int aboveStart = tree.slots() - tree.frontierSize();
    tree.selectFrontier(k);
    int count = tree.frontierSize();
    long[] rows = new long[2 * count];
    for (int i = 0; i < count; i++) {
      int node = tree.frontier(i);
      int parent = tree.parent(node);
      rows[i] = tree.token(node);
      rows[count + i] = parent == DraftTree.ROOT ? 0 : tree.slot(parent) - aboveStart;
    }
    int columns = tree.slots();
    if (mask.length != count * columns) {
      mask = new float[count * columns];
    }
    tree.writeFrontierMask(mask);
    int position = sequence.rootPosition() + tree.depth() - 1;
    return head.level(
        rows, count, above.hidden(), position, mask, columns, sequence.headCache(), k);
  }

  private void expand(DraftTree tree, int node, Proposals proposals, int row) {
    proposals.copyRow(row, logProbs, tokens);
    tree.expand(node, logProbs, tokens, 0, proposals.k());
  }
}
