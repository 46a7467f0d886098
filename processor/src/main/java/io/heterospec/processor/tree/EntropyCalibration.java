package io.heterospec.processor.tree;

import io.heterospec.processor.tree.EntropyBins.BinStats;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Learns entropy bins from cycles of the fixed-tree decoder (HeteroSpec, arXiv 2505.13254): keep
 * the cycles whose meta-path was fully accepted, and let a depth-3 regression tree predict the rank
 * of the path's final token from the cumulative entropy. Not safe for use by several threads.
 */
public final class EntropyCalibration {
  /** Fewest fully accepted cycles that bins can be fitted to. */
  public static final int MIN_SAMPLES = 40;

  private static final int TREE_DEPTH = 3;
  private static final int MIN_LEAF = 5;

  private final TreeShape shape;
  private double[] entropy = new double[1024];
  private double[] rank = new double[1024];
  private int samples;
  private long cycles;

  /** A calibration for trees of this shape. */
  public EntropyCalibration(TreeShape shape) {
    if (shape.isNone()) {
      throw new IllegalArgumentException("calibration needs a tree shape that drafts");
    }
    this.shape = shape;
  }

  /**
   * Adds one cycle.
   *
   * @param cumulativeEntropy of the meta-path at the base depth, in nats, finite, 0 or more
   * @param terminalRank rank of the meta-path's final token among the verified, from 0; -1 when it
   *     was not verified
   * @param metaPathAccepted whether every token of the meta-path was accepted
   */
  public void add(double cumulativeEntropy, int terminalRank, boolean metaPathAccepted) {
    if (!(cumulativeEntropy >= 0 && cumulativeEntropy < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "a cycle's entropy must be finite and 0 or more, got " + cumulativeEntropy);
    }
    if (terminalRank < -1
        || terminalRank >= shape.nodes()
        || (metaPathAccepted && terminalRank < 0)) {
      throw new IllegalArgumentException(
          "terminal rank "
              + terminalRank
              + " is impossible among "
              + shape.nodes()
              + " candidates for a path that was "
              + (metaPathAccepted ? "accepted" : "not accepted"));
    }
    cycles++;
    if (metaPathAccepted) {
      if (samples == entropy.length) {
        entropy = Arrays.copyOf(entropy, 2 * samples);
        rank = Arrays.copyOf(rank, 2 * samples);
      }
      entropy[samples] = cumulativeEntropy;
      rank[samples++] = terminalRank;
    }
  }

  /** Cycles added. */
  public long cycles() {
    return cycles;
  }

  /** Cycles whose meta-path was fully accepted. */
  public long fullyAccepted() {
    return samples;
  }

  /**
   * Fits the bins: up to eight, fewer where the data shows no more difference.
   *
   * @param fingerprint of the model pair
   * @throws IllegalStateException with fewer than {@link #MIN_SAMPLES} fully accepted cycles
   */
  public EntropyBins fit(String fingerprint) {
    if (samples < MIN_SAMPLES) {
      throw new IllegalStateException(
          "calibration found "
              + samples
              + " fully accepted paths in "
              + cycles
              + " cycles and needs "
              + MIN_SAMPLES
              + "; use more prompts or longer answers");
    }
    double[] x = Arrays.copyOf(entropy, samples);
    double[] y = Arrays.copyOf(rank, samples);
    // Small leaves would follow noise: at least 1 % of the data in each.
    int minLeaf = Math.max(MIN_LEAF, samples / 100);
    double[] thresholds = RegressionTree1D.fit(x, y, TREE_DEPTH, minLeaf).thresholds();
    // A split between certain paths (entropy 0) and nearly certain ones may underflow to 0.
    thresholds = Arrays.stream(thresholds).filter(t -> t > 0).toArray();
    return new EntropyBins(
        shape, fingerprint, thresholds, statistics(x, y, thresholds), cycles, samples);
  }

  private static List<BinStats> statistics(double[] x, double[] y, double[] thresholds) {
    List<BinStats> stats = new ArrayList<>();
    for (int bin = 0; bin <= thresholds.length; bin++) {
      double lower = EntropyBins.lowerEnd(thresholds, bin);
      double upper = EntropyBins.upperEnd(thresholds, bin);
      long count = 0;
      double mean = 0;
      double squares = 0; // Welford: sum of squared distances from the running mean
      for (int i = 0; i < x.length; i++) {
        if (x[i] <= upper && (bin == 0 || x[i] > lower)) {
          double distance = y[i] - mean;
          mean += distance / ++count;
          squares += distance * (y[i] - mean);
        }
      }
      stats.add(new BinStats(lower, upper, count, mean, count == 0 ? 0 : squares / count));
    }
    return stats;
  }
}
