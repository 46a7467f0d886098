package io.heterospec.processor.tree;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A regression tree over one variable (CART, Breiman et al. 1984): each split takes the threshold
 * that lowers the sum of squared errors most. With one variable a tree is a set of intervals, so
 * all that is kept are its thresholds.
 */
public final class RegressionTree1D {
  private final double[] thresholds;

  private RegressionTree1D(double[] thresholds) {
    this.thresholds = thresholds;
  }

  /**
   * Fits a tree.
   *
   * @param x the variable, finite
   * @param y the response, finite, as many values
   * @param maxDepth most splits on the way to a leaf: a tree of depth 3 has up to 8 leaves
   * @param minLeaf fewest samples of a leaf, at least 1
   * @throws IllegalArgumentException for no samples, unequal lengths or values that are not finite
   */
  public static RegressionTree1D fit(double[] x, double[] y, int maxDepth, int minLeaf) {
    if (x.length == 0 || x.length != y.length || maxDepth < 0 || maxDepth > 16 || minLeaf < 1) {
      throw new IllegalArgumentException(
          "a regression tree needs as many x as y values, at least one, a depth of 0 to 16 and a"
              + " minimum leaf of at least 1");
    }
    if (!Arrays.stream(x).allMatch(Double::isFinite)
        || !Arrays.stream(y).allMatch(Double::isFinite)) {
      throw new IllegalArgumentException("a regression tree needs finite samples");
    }
    int[] order =
        IntStream.range(0, x.length)
            .boxed()
            .sorted((a, b) -> Double.compare(x[a], x[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] sortedX = Arrays.stream(order).mapToDouble(i -> x[i]).toArray();
    double[] sortedY = Arrays.stream(order).mapToDouble(i -> y[i]).toArray();
    Splitter splitter = new Splitter(sortedX, sortedY, minLeaf, 1 << maxDepth);
    splitter.split(0, x.length, maxDepth);
    return new RegressionTree1D(Arrays.copyOf(splitter.found, splitter.count));
  }

  /** Ascending thresholds; a value equal to a threshold belongs to the interval below it. */
  public double[] thresholds() {
    return thresholds.clone();
  }

  /** Recursion over ranges of the sorted samples. */
  private static final class Splitter {
    private final double[] x;
    private final double[] y;
    private final int minLeaf;
    private final double[] found;
    private int count;

    Splitter(double[] x, double[] y, int minLeaf, int maxLeaves) {
      this.x = x;
      this.y = y;
      this.minLeaf = minLeaf;
      found = new double[maxLeaves];
    }

    void split(int from, int to, int depth) {
      int at = depth == 0 ? from : bestSplit(from, to);
      if (at == from) {
        return;
      }
      split(from, at, depth - 1);
      found[count++] = between(x[at - 1], x[at]);
      split(at, to, depth - 1);
    }

    /** First index of the right part of the best split; {@code from} when no split helps. */
    private int bestSplit(int from, int to) {
      // Centred on the mean, the reduction of squared error is l²/n_l + r²/n_r with r = -l.
      double mean = Arrays.stream(y, from, to).average().orElseThrow();
      double total = 0;
      for (int i = from; i < to; i++) {
        total += (y[i] - mean) * (y[i] - mean);
      }
      int best = from;
      double bestGain = total * 1e-12; // below this it is rounding
      double left = 0;
      for (int i = from + 1; i < to; i++) {
        left += y[i - 1] - mean;
        if (i - from >= minLeaf && to - i >= minLeaf && x[i - 1] < x[i]) {
          double gain = left * left / (i - from) + left * left / (to - i);
          if (gain > bestGain) {
            bestGain = gain;
            best = i;
          }
        }
      }
      return best;
    }

    private static double between(double low, double high) {
      double middle = low + (high - low) / 2;
      return middle < high ? middle : low; // neighbouring doubles have no middle
    }
  }
}
