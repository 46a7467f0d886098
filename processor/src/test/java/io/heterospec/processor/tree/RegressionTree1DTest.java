package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RegressionTree1DTest {

  private record Sample(double x, double y) {}

  @Test
  void shouldFindTheStepsOfAStaircase() {
    double[] x = new double[80];
    double[] y = new double[80];
    for (int i = 0; i < 80; i++) {
      x[i] = (i * 37) % 80; // shuffled
      y[i] = Math.floor(x[i] / 10);
    }

    assertThat(RegressionTree1D.fit(x, y, 3, 1).thresholds())
        .containsExactly(9.5, 19.5, 29.5, 39.5, 49.5, 59.5, 69.5);
  }

  @Test
  void shouldSplitAsBruteForceDoes() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      int n = 1 + random.nextInt(60);
      int minLeaf = 1 + random.nextInt(6);
      List<Sample> samples = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        // Few distinct x: equal values must stay together.
        samples.add(new Sample(random.nextInt(25) / 4.0, random.nextGaussian() * 5));
      }
      double[] x = samples.stream().mapToDouble(Sample::x).toArray();
      double[] y = samples.stream().mapToDouble(Sample::y).toArray();
      List<Double> expected = new ArrayList<>();
      bruteForce(samples, 3, minLeaf, expected);

      double[] thresholds = RegressionTree1D.fit(x, y, 3, minLeaf).thresholds();
      assertThat(thresholds)
          .containsExactly(
              expected.stream().mapToDouble(Double::doubleValue).toArray(), within(1e-12));
      assertThat(thresholds).isSorted().hasSizeLessThanOrEqualTo(7);
    }
  }

  @Test
  void shouldNotSplitWhatSplittingDoesNotImprove() {
    double[] x = {1, 2, 3, 4};
    assertThat(RegressionTree1D.fit(x, new double[] {5, 5, 5, 5}, 3, 1).thresholds()).isEmpty();
    assertThat(RegressionTree1D.fit(x, new double[] {1, 2, 3, 4}, 0, 1).thresholds()).isEmpty();
    assertThat(RegressionTree1D.fit(x, new double[] {1, 2, 3, 4}, 3, 3).thresholds()).isEmpty();
    double[] same = {2, 2, 2, 2};
    assertThat(RegressionTree1D.fit(same, new double[] {1, 2, 3, 4}, 3, 1).thresholds()).isEmpty();
  }

  @Test
  void shouldSeparateNeighbouringDoubles() {
    double low = 1;
    double high = Math.nextUp(low);
    double[] thresholds =
        RegressionTree1D.fit(new double[] {low, high}, new double[] {0, 1}, 1, 1).thresholds();

    assertThat(thresholds).containsExactly(low);
  }

  @Test
  void shouldRefuseUnusableSamples() {
    double[] one = {1};
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RegressionTree1D.fit(new double[0], new double[0], 3, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RegressionTree1D.fit(one, new double[2], 3, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> RegressionTree1D.fit(one, one, -1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> RegressionTree1D.fit(one, one, 3, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RegressionTree1D.fit(new double[] {Double.NaN}, one, 3, 1))
        .withMessageContaining("finite");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RegressionTree1D.fit(one, new double[] {Double.POSITIVE_INFINITY}, 3, 1));
  }

  /** Tries every threshold between distinct x and recomputes both errors from their definition. */
  private static void bruteForce(
      List<Sample> samples, int depth, int minLeaf, List<Double> thresholds) {
    double[] distinct = samples.stream().mapToDouble(Sample::x).distinct().sorted().toArray();
    double best = squaredError(samples) - 1e-9;
    Double split = null;
    for (int i = 1; depth > 0 && i < distinct.length; i++) {
      double threshold = (distinct[i - 1] + distinct[i]) / 2;
      List<Sample> left = samples.stream().filter(s -> s.x <= threshold).toList();
      List<Sample> right = samples.stream().filter(s -> s.x > threshold).toList();
      double error = squaredError(left) + squaredError(right);
      if (left.size() >= minLeaf && right.size() >= minLeaf && error < best - 1e-9) {
        best = error;
        split = threshold;
      }
    }
    if (split != null) {
      double threshold = split;
      bruteForce(
          samples.stream().filter(s -> s.x <= threshold).toList(), depth - 1, minLeaf, thresholds);
      thresholds.add(threshold);
      bruteForce(
          samples.stream().filter(s -> s.x > threshold).toList(), depth - 1, minLeaf, thresholds);
    }
  }

  private static double squaredError(List<Sample> samples) {
    double[] y = samples.stream().mapToDouble(Sample::y).toArray();
    double mean = Arrays.stream(y).average().orElse(0);
    return Arrays.stream(y).map(v -> (v - mean) * (v - mean)).sum();
  }
}
