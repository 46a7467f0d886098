package io.heterospec.processor.tree;

import io.heterospec.processor.tree.SpeculationBudget.Share;
import java.util.Arrays;
import java.util.List;

/**
 * Chooses the nodes of all trees that one pass verifies: the most tokens for what the pass costs. A
 * tree that towers over the others has them padded or takes an attention operation of its own, so
 * it can cost more than it brings; several heights are tried, and below each the best nodes of all
 * trees compete. Reuses its memory; belongs to one thread.
 */
final class Admission {
  private final CostTable costs;
  // Values in the upper half of each number and shares in the lower: positive floats sort as
  // integers do.
  private long[] queue = new long[0];
  private int candidates;
  private int sequences;
  private int otherRows;
  private double price;
  private double treeFactor;
  private double most;
  private double tokens;
  private int admitted;
  private int bestCount;
  private int bestHeight;

  Admission(CostTable costs) {
    this.costs = costs;
  }

  /**
   * Begins with no candidates.
   *
   * @param otherRows rows of sequences outside the budget
   * @param price tokens that a millisecond is worth
   * @param treeFactor what a pass over trees costs, as a multiple of the table
   */
  void begin(int sequences, int otherRows, double price, double treeFactor) {
    this.treeFactor = treeFactor;
    this.sequences = sequences;
    this.otherRows = otherRows;
    this.price = price;
    candidates = 0;
  }

  /** Adds a candidate of the share of that index. */
  void offer(int share, double value) {
    if (candidates == queue.length) {
      queue = Arrays.copyOf(queue, Math.max(64, 2 * candidates));
    }
    queue[candidates++] = (long) Float.floatToIntBits((float) value) << Integer.SIZE | share;
  }

  /** Tells each share how many of its nodes are verified. */
  void choose(List<Share> shares) {
    Arrays.sort(queue, 0, candidates);
    most = 0;
    tokens = 0;
    admitted = 0;
    bestCount = 0;
    bestHeight = 0;
    boolean binds = candidates > 0;
    for (int height = 1; binds; height *= 2) {
      binds = tryHeight(shares, height);
    }
    admit(shares, bestCount, bestHeight);
  }

  // Whether some tree would have had more nodes but for the height.
  private boolean tryHeight(List<Share> shares, int height) {
    double plainRows = sequences + (double) otherRows;
    double plainMs = costs.verifyMs(sequences, plainRows);
    shares.forEach(share -> share.admitted = 0);
    boolean binds = false;
    double sum = 0;
    int rows = 0;
    int tallest = 1;
    for (int n = 1; n <= candidates; n++) {
      long next = queue[candidates - n];
      Share share = shares.get((int) next);
      if (share.admitted == share.most) {
        continue;
      }
      if (share.admitted == height) {
        binds = true;
        continue;
      }
      tallest = Math.max(tallest, 1 + ++share.admitted);
      sum += Float.intBitsToFloat((int) (next >>> Integer.SIZE));
      double net = sum - price * (treeFactor * passMs(plainRows + ++rows, tallest) - plainMs);
      if (net > most) {
        most = net;
        tokens = sum;
        admitted = rows;
        bestCount = n;
        bestHeight = height;
      }
    }
    return binds;
  }

  private void admit(List<Share> shares, int count, int height) {
    shares.forEach(share -> share.admitted = 0);
    for (int n = 1; n <= count; n++) {
      Share share = shares.get((int) queue[candidates - n]);
      if (share.admitted < Math.min(height, share.most)) {
        share.admitted++;
      }
    }
  }

  private double passMs(double rows, int tallest) {
    return costs.verifyMs(sequences, otherRows, rows, tallest);
  }

  /** Nodes that were admitted. */
  int admitted() {
    return admitted;
  }

  /** Tokens that they are expected to bring. */
  double tokens() {
    return tokens;
  }

  /** What the pass takes by the table. */
  double passMs(List<Share> shares) {
    int tallest = 1 + shares.stream().mapToInt(Share::admitted).max().orElse(0);
    return passMs(sequences + (double) otherRows + admitted, tallest);
  }
}
