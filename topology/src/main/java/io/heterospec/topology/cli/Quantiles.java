package io.heterospec.topology.cli;

import java.util.Arrays;

/** Quantiles of measured values; 0 where there are none. */
final class Quantiles {
  private Quantiles() {}

  /** The least value that a share of all values does not exceed (nearest rank). */
  static double nearestRank(double[] values, double share) {
    double[] sorted = sorted(values);
    int rank = (int) Math.ceil(share * sorted.length);
    return sorted.length == 0 ? 0 : sorted[Math.max(rank, 1) - 1];
  }

  /** The middle value, or the mean of the middle two. */
  static double median(double[] values) {
    double[] sorted = sorted(values);
    int middle = sorted.length / 2;
    if (sorted.length == 0) {
      return 0;
    }
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static double[] sorted(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted;
  }
}
