package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class IsotonicTest {
  @Test
  void violatorsArePooledByWeight() {
    double[] values = {0.9, 0.2, 0.6, 0.1};
    Isotonic.makeDescending(values, new double[] {1, 3, 1, 1});

    assertThat(values).containsExactly(new double[] {0.9, 0.3, 0.3, 0.1}, within(1e-12));
  }

  /** The regression is max over starts of min over ends of the mean between them, mirrored. */
  @Test
  void agreesWithTheMinMaxFormula() {
    Random random = new Random(2);
    for (int round = 0; round < 50; round++) {
      int n = 1 + random.nextInt(12);
      double[] values = random.doubles(n).toArray();
      double[] weights = random.doubles(n, 0.1, 3).toArray();
      double[] expected = new double[n];
      for (int i = 0; i < n; i++) {
        double best = Double.POSITIVE_INFINITY;
        for (int from = 0; from <= i; from++) {
          double most = Double.NEGATIVE_INFINITY;
          for (int to = i; to < n; to++) {
            most = Math.max(most, mean(values, weights, from, to));
          }
          best = Math.min(best, most);
        }
        expected[i] = best;
      }
      Isotonic.makeDescending(values, weights);
      assertThat(values).containsExactly(expected, within(1e-9));
    }
  }

  private static double mean(double[] values, double[] weights, int from, int to) {
    double sum = 0;
    double mass = 0;
    for (int i = from; i <= to; i++) {
      sum += values[i] * weights[i];
      mass += weights[i];
    }
    return sum / mass;
  }
}
