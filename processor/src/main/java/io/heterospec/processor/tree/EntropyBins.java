package io.heterospec.processor.tree;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Intervals of cumulative meta-path entropy, learned from data by {@link EntropyCalibration} or
 * guessed. They hold only for the tree shape they were made with: the entropy is a sum over its
 * depth of distributions over its top-k tokens, and ranks count among its nodes.
 *
 * @param shape the tree shape
 * @param createdFor fingerprint of the model pair, empty when the bins are a guess
 * @param thresholds ascending, in nats; an entropy equal to a threshold falls in the lower bin
 * @param stats what the data says of each bin; one more than thresholds
 * @param cycles cycles seen by the calibration
 * @param fullyAccepted those whose meta-path was accepted to its end, which the fit used
 */
public record EntropyBins(
    TreeShape shape,
    String createdFor,
    double[] thresholds,
    List<BinStats> stats,
    long cycles,
    long fullyAccepted) {

  /** Bins of the paper, a depth-3 tree's leaves. */
  public static final int PAPER_BINS = 8;

  /**
   * One bin.
   *
   * @param lower lower end in nats, exclusive (inclusive in the lowest bin)
   * @param upper upper end in nats, inclusive; {@code Infinity} in the highest bin
   * @param count fully accepted cycles in the bin
   * @param meanRank mean rank of the meta-path's final token, 0 when the count is 0
   * @param rankVariance population variance of that rank, 0 when the count is 0
   */
  public record BinStats(
      double lower, double upper, long count, double meanRank, double rankVariance) {

    /** A bin no data was seen for. */
    static BinStats empty(double lower, double upper) {
      return new BinStats(lower, upper, 0, 0, 0);
    }
  }

  /**
   * @throws IllegalArgumentException when the thresholds are not finite, positive and ascending, or
   *     the other values contradict them
   */
  public EntropyBins {
    Objects.requireNonNull(createdFor, "createdFor");
    thresholds = thresholds.clone();
    stats = List.copyOf(stats);
    require(!shape.isNone(), "entropy bins need a tree shape that drafts");
    double previous = 0;
    for (double threshold : thresholds) {
      require(
          threshold > previous && threshold < Double.POSITIVE_INFINITY,
          "entropy thresholds must be positive, finite and ascending, got "
              + Arrays.toString(thresholds));
      previous = threshold;
    }
    require(
        stats.size() == thresholds.length + 1,
        thresholds.length + " entropy thresholds make one more bin, got " + stats.size());
    long counted = 0;
    for (int i = 0; i < stats.size(); i++) {
      BinStats bin = stats.get(i);
      require(
          bin.lower() == lowerEnd(thresholds, i) && bin.upper() == upperEnd(thresholds, i),
          "entropy bin " + i + " does not lie between its thresholds");
      require(
          bin.count() >= 0 && bin.meanRank() >= 0 && bin.rankVariance() >= 0,
          "entropy bin " + i + " has a negative or missing statistic");
      counted += bin.count();
    }
    require(
        counted == fullyAccepted && fullyAccepted <= cycles,
        "entropy bins count "
            + counted
            + " of "
            + fullyAccepted
            + " fully accepted and "
            + cycles
            + " seen cycles");
  }

  /**
   * Bins for a pair that was not calibrated: thresholds at {@code i/8} of the largest possible
   * entropy, {@code depth·ln(topK)}. A guess that treats entropies as uniform; calibrate for
   * better.
   */
  public static EntropyBins uncalibrated(TreeShape shape) {
    double most = shape.depth() * Math.log(shape.topK());
    // A top-k of 1 has no entropy at all, hence one bin.
    double[] thresholds = new double[most > 0 ? PAPER_BINS - 1 : 0];
    for (int i = 0; i < thresholds.length; i++) {
      thresholds[i] = most * (i + 1) / PAPER_BINS;
    }
    List<BinStats> stats = new ArrayList<>();
    for (int i = 0; i <= thresholds.length; i++) {
      stats.add(BinStats.empty(lowerEnd(thresholds, i), upperEnd(thresholds, i)));
    }
    return new EntropyBins(shape, "", thresholds, stats, 0, 0);
  }

  /** The same bins for another pair that computes the same. */
  public EntropyBins forPair(String fingerprint) {
    return new EntropyBins(shape, fingerprint, thresholds, stats, cycles, fullyAccepted);
  }

  /** Number of bins. */
  public int count() {
    return thresholds.length + 1;
  }

  /** Whether the bins come from data. */
  public boolean calibrated() {
    return fullyAccepted > 0;
  }

  /**
   * Bin of an entropy in nats, 0 the lowest.
   *
   * @throws IllegalArgumentException for NaN
   */
  public int binOf(double entropy) {
    require(!Double.isNaN(entropy), "the entropy is NaN; assess a tree with drafted levels");
    int bin = 0;
    while (bin < thresholds.length && entropy > thresholds[bin]) {
      bin++;
    }
    return bin;
  }

  /** Whether the bins were made with this tree shape. */
  public boolean fits(TreeShape other) {
    return shape.equals(other);
  }

  /**
   * @throws IllegalArgumentException when the bins were made with another tree shape
   */
  public void requireFits(TreeShape other) {
    require(
        fits(other),
        "the entropy bins were made for "
            + describe(shape)
            + " but the tree in use has "
            + describe(other)
            + "; calibrate again with that tree");
  }

  @Override
  public double[] thresholds() {
    return thresholds.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EntropyBins that
        && shape.equals(that.shape)
        && createdFor.equals(that.createdFor)
        && Arrays.equals(thresholds, that.thresholds)
        && stats.equals(that.stats)
        && cycles == that.cycles
        && fullyAccepted == that.fullyAccepted;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        shape, createdFor, Arrays.hashCode(thresholds), stats, cycles, fullyAccepted);
  }

  static double lowerEnd(double[] thresholds, int bin) {
    return bin == 0 ? 0 : thresholds[bin - 1];
  }

  static double upperEnd(double[] thresholds, int bin) {
    return bin == thresholds.length ? Double.POSITIVE_INFINITY : thresholds[bin];
  }

  private static String describe(TreeShape shape) {
    return "top-k " + shape.topK() + ", depth " + shape.depth() + ", " + shape.nodes() + " nodes";
  }

  // Conditions are written so that NaN fails them.
  private static void require(boolean valid, String message) {
    if (!valid) {
      throw new IllegalArgumentException(message);
    }
  }
}
