package io.heterospec.processor.tree;

import java.util.Arrays;

/**
 * What drafting for some sequences can be expected to bring, before anything is drafted: the best
 * of a few sizes of tree. A tree is thought to go on below its root as it begins there, so all it
 * takes is the chance of the root's best child. Reuses its memory; belongs to one thread.
 */
final class Outlook {
  private static final int[] DEPTHS = {1, 2, 3, 4, 6, 8};
  private static final int[] NODES = {1, 2, 3, 4, 6, 8, 12, 16};
  private static final int MOST_WIDTH = 16;
  private static final double CERTAIN = 1 - 1e-9;

  private final SurvivalModel survival;
  private final CostTable costs;
  private final double[][] sums = new double[DEPTHS.length][NODES.length];
  private double[] nodes = new double[0];
  private CostCorrection correction;
  private int sequences;
  private int otherRows;
  private double plainRows;
  private double plainMs;
  private double price;
  private int drafting; // sequences added

  Outlook(SurvivalModel survival, CostTable costs) {
    this.survival = survival;
    this.costs = costs;
  }

  /**
   * Starts anew with no sequence.
   *
   * @param corrected how far costs are from the table
   * @param sequenceCount of the cycle
   * @param rowsOfOthers rows that sequences outside the budget verify
   * @param worth tokens that a millisecond is worth
   */
  void begin(CostCorrection corrected, int sequenceCount, int rowsOfOthers, double worth) {
    correction = corrected;
    sequences = sequenceCount;
    otherRows = rowsOfOthers;
    plainRows = sequences + otherRows;
    plainMs = costs.verifyMs(sequences, plainRows);
    price = worth;
    drafting = 0;
    for (double[] line : sums) {
      Arrays.fill(line, 0);
    }
  }

  /**
   * Adds a sequence.
   *
   * @param first chance that the best child of its root is accepted
   * @param limit most levels that can become output
   */
  void add(double first, double weight, int limit) {
    drafting++;
    int topK = survival.topK();
    double average = Math.min(CERTAIN, survival.continuation(0));
    double others = (1 - first) / (1 - average);
    for (int d = 0; d < DEPTHS.length; d++) {
      int depth = Math.min(DEPTHS[d], limit);
      int count = depth * topK;
      if (nodes.length < count) {
        nodes = new double[count];
      }
      double above = weight;
      for (int level = 0; level < depth; level++) {
        nodes[level * topK] = above * first;
        for (int rank = 1; rank < topK; rank++) {
          nodes[level * topK + rank] = above * survival.continuation(rank) * others;
        }
        above *= first;
      }
      Arrays.sort(nodes, 0, count);
      double sum = 0;
      int taken = 0;
      for (int n = 0; n < NODES.length; n++) {
        while (taken < NODES[n] && taken < count) {
          sum += nodes[count - 1 - taken++];
        }
        sums[d][n] += sum;
      }
    }
  }

  /**
   * Tokens that drafting for the added sequences brings, less what its time is worth, at the best
   * size of tree.
   */
  double net() {
    double[] levelMs = new double[Math.min(survival.topK(), MOST_WIDTH) + 1];
    for (int width = 1; width < levelMs.length; width++) {
      levelMs[width] = correction.draft() * costs.levelMs(drafting, (double) drafting * width);
    }
    double extendMs = correction.draft() * costs.extendMs(drafting);
    double best = Double.NEGATIVE_INFINITY;
    for (int n = 0; n < NODES.length; n++) {
      double rows = plainRows + (double) drafting * NODES[n];
      double passMs =
          correction.tree() * costs.verifyMs(sequences, otherRows, rows, 1.0 + NODES[n]);
      double ms = extendMs + passMs - plainMs;
      for (int d = 0; d < DEPTHS.length; d++) {
        int width = Math.max(1, Math.min(levelMs.length - 1, NODES[n] / DEPTHS[d]));
        double draftMs = (DEPTHS[d] - 1) * levelMs[width];
        best = Math.max(best, sums[d][n] - price * (ms + draftMs));
      }
    }
    return best;
  }
}
