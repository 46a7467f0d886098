package io.heterospec.processor.tree;

import io.heterospec.processor.tree.TreePolicy.Assessment;

/**
 * The draft tree of one sequence in one cycle, while {@link TreeGrowth} decides how it grows. Who
 * runs the draft head extends it with what the head needs to know of the sequence.
 */
public class GrowingTree {
  private final TreePolicy policy;
  private final DraftTree tree;
  private final int limit;
  private final SpeculationBudget.Share share; // null for policies without a budget
  private int goal;
  private int width;
  private Draft draft = Draft.NONE;

  /**
   * @param limit most levels that can become output; 0 only for a tree with a share
   * @param share the tree's part of the cycle's budget, null for policies without one
   */
  protected GrowingTree(
      TreePolicy policy, DraftTree tree, int limit, SpeculationBudget.Share share) {
    this.policy = policy;
    this.tree = tree;
    this.limit = limit;
    this.share = share;
    this.goal = Math.min(policy.shape().depth(), limit);
  }

  /** The policy that it grows by. */
  public final TreePolicy policy() {
    return policy;
  }

  /** The candidates. */
  public final DraftTree tree() {
    return tree;
  }

  /** Part of the cycle's budget, null for policies without one. */
  public final SpeculationBudget.Share share() {
    return share;
  }

  /** Nodes of its deepest level to expand next, at least 1 when the head is asked to. */
  public final int width() {
    return width;
  }

  /** What drafting came to. */
  public final Draft draft() {
    return draft;
  }

  boolean isOpen() {
    return share == null || share.isOpen();
  }

  // A tree that the remaining length keeps below the policy's depth is not assessed: its entropy is
  // a sum over fewer levels than the bins were made for.
  void fixWidth() {
    width = isDone() ? 0 : tree.topK();
  }

  void takeBudgetedWidth() {
    width = share.width();
  }

  void takeAdmitted() {
    if (share.isOpen()) {
      draft =
          Draft.of(tree, new Assessment(tree.metaPathEntropy(), share.bin(), 0, share.admitted()));
    }
  }

  private boolean isDone() {
    if (tree.depth() < goal) {
      return false;
    }
    int depth = policy.shape().depth();
    if (depth > limit) {
      draft =
          Draft.of(tree, new Assessment(tree.metaPathEntropy(), -1, 0, policy.unassessedNodes()));
      return true;
    }
    if (draft == Draft.NONE) {
      Assessment assessment = policy.assess(tree);
      draft = Draft.of(tree, assessment);
      goal = Math.min(depth + assessment.extraDepth(), limit);
    }
    return tree.depth() >= goal;
  }
}
