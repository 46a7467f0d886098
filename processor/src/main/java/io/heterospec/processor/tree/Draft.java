package io.heterospec.processor.tree;

import io.heterospec.processor.tree.TreePolicy.Assessment;

/**
 * What one cycle's drafting came to.
 *
 * @param assessment the policy's
 * @param depthEntropies entropies along the meta-path when it was assessed
 * @param metaPathEnd node that ended the meta-path then
 */
public record Draft(Assessment assessment, double[] depthEntropies, int metaPathEnd) {
  /** Nothing was drafted. */
  public static final Draft NONE =
      new Draft(new Assessment(Double.NaN, -1, 0, 0), new double[0], DraftTree.ROOT);

  static Draft of(DraftTree tree, Assessment assessment) {
    return new Draft(assessment, tree.depthEntropies(), tree.metaPathEnd());
  }
}
