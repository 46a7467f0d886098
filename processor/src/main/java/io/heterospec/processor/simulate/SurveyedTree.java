package io.heterospec.processor.simulate;

import io.heterospec.processor.tree.DraftTree;

/**
 * A draft tree as a survey recorded it: what the head proposes after a token and after those it
 * proposed. Node {@link DraftTree#ROOT} is the root.
 */
public final class SurveyedTree {
  /** Where nothing was drafted. */
  public static final SurveyedTree EMPTY = new SurveyedTree(new int[0], new int[0], new double[0]);

  // Far below what a head gives any token, and finite.
  private static final float IMPOSSIBLE = -100;

  private final int[] tokens;
  private final float[] logProbs; // of a token after its parent
  private final int[] depths;
  private final int[] firstChild; // of node i at i + 1
  private final int[] children; // the same

  /**
   * @param tokens of the nodes; children follow their parent and stand together, best first
   * @param parents node of each parent, -1 for the root
   * @param confidences path confidences
   * @throws IllegalArgumentException when the nodes stand in another order
   */
  public SurveyedTree(int[] tokens, int[] parents, double[] confidences) {
    this.tokens = tokens;
    this.logProbs = new float[tokens.length];
    this.depths = new int[tokens.length];
    this.firstChild = new int[tokens.length + 1];
    this.children = new int[tokens.length + 1];
    for (int node = 0; node < tokens.length; node++) {
      int parent = parents[node];
      if (parent < DraftTree.ROOT || parent >= node) {
        throw new IllegalArgumentException("node " + node + " comes before its parent " + parent);
      }
      int nth = children[parent + 1]++;
      if (nth == 0) {
        firstChild[parent + 1] = node;
      } else if (firstChild[parent + 1] + nth != node) {
        throw new IllegalArgumentException("the children of node " + parent + " are scattered");
      }
      double above = parent == DraftTree.ROOT ? 0 : Math.log(confidences[parent]);
      double step = Math.log(confidences[node]) - above;
      logProbs[node] = step > IMPOSSIBLE ? (float) Math.min(0, step) : IMPOSSIBLE;
      depths[node] = parent == DraftTree.ROOT ? 1 : depths[parent] + 1;
    }
  }

  /** Drafted levels. */
  public int depth() {
    return depths.length == 0 ? 0 : depths[depths.length - 1];
  }

  /** Children of a node. */
  int childCount(int node) {
    return children[node + 1];
  }

  /** First child of a node that has some. */
  int firstChild(int node) {
    return firstChild[node + 1];
  }

  /** The child that carries a token, -1 when there is none. */
  int child(int node, int token) {
    for (int i = 0; i < childCount(node); i++) {
      if (tokens[firstChild(node) + i] == token) {
        return firstChild(node) + i;
      }
    }
    return -1;
  }

  /** Expands a node of a draft tree with the best {@code k} children of a surveyed one. */
  void expand(DraftTree tree, int node, int surveyed, int k) {
    tree.expand(node, logProbs, tokens, firstChild(surveyed), k);
  }
}
