package io.heterospec.processor.tree;

/**
 * The best few nodes seen so far, best first: higher log-confidence wins, a tie goes to the lower
 * index. Memory is kept between uses.
 *
 * <p>Nodes must be offered in ascending index order; then a parent always stands before its
 * children, even where a child is certain and both have the same confidence.
 */
final class TopNodes {
  private int[] nodes = new int[0];
  private double[] scores = new double[0];
  private int limit;
  private int size;

  /** Forgets everything and keeps at most {@code limit} nodes from now on. */
  void reset(int limit) {
    if (nodes.length < limit) {
      nodes = new int[limit];
      scores = new double[limit];
    }
    this.limit = limit;
    size = 0;
  }

  void offer(int node, double score) {
    if (size == limit && (limit == 0 || score <= scores[size - 1])) {
      return;
    }
    int at = size < limit ? size++ : size - 1;
    while (at > 0 && scores[at - 1] < score) {
      scores[at] = scores[at - 1];
      nodes[at] = nodes[at - 1];
      at--;
    }
    scores[at] = score;
    nodes[at] = node;
  }

  int size() {
    return size;
  }

  int node(int rank) {
    return nodes[rank];
  }
}
