package io.heterospec.processor.tree;

/**
 * Size of a draft tree.
 *
 * @param topK children of each expanded node and nodes of each frontier
 * @param depth levels drafted before a policy may extend the tree
 * @param nodes candidates verified by the target, the root not counted
 */
public record TreeShape(int topK, int depth, int nodes) {
  /** The shape of a policy that drafts nothing. */
  public static final TreeShape NONE = new TreeShape(0, 0, 0);

  /** The most children of a node. */
  public static final int MAX_TOP_K = 64;

  /** The most levels before extension. */
  public static final int MAX_DEPTH = 32;

  /**
   * @throws IllegalArgumentException naming the value and its legal range
   */
  public TreeShape {
    if (topK != 0 || depth != 0 || nodes != 0) {
      require("top-k", topK, MAX_TOP_K);
      require("depth", depth, MAX_DEPTH);
      require("nodes", nodes, candidates(topK, depth));
    }
  }

  /** A small tree for CPUs, where each verified row costs arithmetic. */
  public static TreeShape cpuDefault() {
    return new TreeShape(4, 4, 8);
  }

  /** EAGLE-3's own setting for 8B models, for GPUs, where rows are nearly free. */
  public static TreeShape gpuDefault() {
    return new TreeShape(10, 7, 60);
  }

  /** Whether nothing is drafted. */
  public boolean isNone() {
    return topK == 0;
  }

  /** The most nodes that a policy verifies of a tree that grew from this one. */
  public int mostNodes() {
    return isNone() ? 0 : nodes + MAX_DEPTH;
  }

  /** Candidates of a full tree of this depth plus {@code extraDepth} levels. */
  public int maxCandidates(int extraDepth) {
    return isNone() ? 0 : candidates(topK, depth + extraDepth);
  }

  private static int candidates(int topK, int depth) {
    return topK + (depth - 1) * topK * topK;
  }

  private static void require(String name, int value, int most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(
          "tree " + name + " must be between 1 and " + most + ", got " + value);
    }
  }
}
