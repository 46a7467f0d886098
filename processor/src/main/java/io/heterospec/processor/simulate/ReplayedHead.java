package io.heterospec.processor.simulate;

import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.TreeGrowth;
import io.heterospec.processor.tree.TreeShape;
import java.util.Arrays;
import java.util.List;

/**
 * Proposes what a survey saw the head propose, and counts what that would have cost. Where the
 * survey did not expand a node it proposes what will not be accepted.
 */
final class ReplayedHead implements TreeGrowth.Head<ReplayedSequence.Tree> {
  /** Stands for the node of the survey where it has none. */
  static final int UNKNOWN = -2;

  // As unlikely as what a head gives rare tokens, so that the node's children are never chosen.
  private static final float UNLIKELY = -20;

  private final CostTable costs;
  private final float[] unlikely = new float[TreeShape.MAX_TOP_K];
  private final int[] nothing = new int[TreeShape.MAX_TOP_K];
  private double ms;
  private long expanded;
  private long unknown;

  ReplayedHead(CostTable costs) {
    this.costs = costs;
    Arrays.fill(unlikely, UNLIKELY);
    Arrays.fill(nothing, UNKNOWN);
  }

  /** Time spent since it was taken last. */
  double takeMs() {
    double taken = ms;
    ms = 0;
    return taken;
  }

  /** Share of the expanded nodes that the survey did not expand. */
  double unknownShare() {
    return expanded == 0 ? 0 : (double) unknown / expanded;
  }

  @Override
  public void expandRoots(List<ReplayedSequence.Tree> trees) {
    ms += costs.extendMs(trees.size());
    for (ReplayedSequence.Tree tree : trees) {
      ms += costs.readMs(tree.unseenRows());
      tree.headHasRead();
      tree.tree().reset(tree.policy().shape().topK());
      expand(tree, DraftTree.ROOT);
    }
  }

  @Override
  public void expandFrontiers(List<ReplayedSequence.Tree> trees) {
    int rows = 0;
    for (ReplayedSequence.Tree growing : trees) {
      DraftTree tree = growing.tree();
      tree.selectFrontier(growing.width());
      rows += tree.frontierSize();
      for (int i = 0; i < tree.frontierSize(); i++) {
        expand(growing, tree.frontier(i));
      }
    }
    ms += costs.levelMs(trees.size(), rows);
  }

  private void expand(ReplayedSequence.Tree growing, int node) {
    DraftTree tree = growing.tree();
    int k = tree.topK();
    int first = tree.size();
    int surveyed = growing.surveyed(node);
    expanded++;
    if (surveyed != UNKNOWN && growing.survey().childCount(surveyed) >= k) {
      growing.survey().expand(tree, node, surveyed, k);
      growing.map(first, growing.survey().firstChild(surveyed));
    } else {
      unknown++;
      tree.expand(node, unlikely, nothing, 0, k);
      growing.map(first, UNKNOWN);
    }
  }
}
