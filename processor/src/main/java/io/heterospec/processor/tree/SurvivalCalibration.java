package io.heterospec.processor.tree;

import java.util.HashMap;
import java.util.Map;

/**
 * Counts which nodes of draft trees survived, verified or not: with the text that followed at hand,
 * a node survives when the tokens on its path are those of the text.
 */
public final class SurvivalCalibration {
  private final EntropyBins bins;
  private final SurvivalCounts counts;

  public SurvivalCalibration(EntropyBins bins) {
    this.bins = bins;
    this.counts = SurvivalCounts.empty(bins.count(), bins.shape().topK());
  }

  /**
   * Adds one cycle's tree: arrays hold its candidates, parents before children.
   *
   * @param entropy cumulative meta-path entropy at the base depth
   * @param tokens of the candidates
   * @param parents index of each candidate's parent, -1 for the root
   * @param confidences path confidences
   * @param following the tokens that came after the root, as many as are known
   */
  public void add(
      double entropy, int[] tokens, int[] parents, double[] confidences, int[] following) {
    int bin = bins.binOf(entropy);
    int[] depth = new int[tokens.length];
    boolean[] survived = new boolean[tokens.length];
    Map<Integer, Integer> children = new HashMap<>(); // of surviving nodes: how many were seen
    Map<Integer, Integer> hits = new HashMap<>();
    for (int node = 0; node < tokens.length; node++) {
      int parent = parents[node];
      depth[node] = parent < 0 ? 1 : depth[parent] + 1;
      if (depth[node] > following.length) {
        continue; // the text ended: nothing is known of what would have come
      }
      boolean alive = parent < 0 || survived[parent];
      survived[node] = alive && tokens[node] == following[depth[node] - 1];
      counts.node(bin, Math.log(confidences[node]), survived[node]);
      if (alive) {
        int rank = children.merge(parent, 1, Integer::sum) - 1;
        if (survived[node]) {
          hits.put(parent, rank);
        }
      }
    }
    children.keySet().forEach(parent -> counts.continuation(bin, hits.getOrDefault(parent, -1)));
  }

  public SurvivalCounts counts() {
    return counts;
  }
}
