package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class PaceTest {
  /** Nanoseconds from the start to each arrival. */
  private static double[] arrivals(Pace pace, int count) {
    return DoubleStream.generate(
            () -> {
              long arrival = pace.nanosToNext(0, 0);
              pace.sent();
              return arrival;
            })
        .limit(count)
        .toArray();
  }

  @Test
  void aClosedLoopsNextRequestWaitsUntilOneEnds() {
    Pace pace = Pace.closedLoop(2);
    assertThat(pace.nanosToNext(1, 5)).isZero();
    pace.sent();
    assertThat(pace.nanosToNext(2, 5)).isEqualTo(Pace.UNTIL_ONE_ENDS);
    assertThat(pace.nanosToNext(1, 6)).isZero();
  }

  @Test
  void anOpenLoopsRequestsAreDueAtTheirTimeWhateverIsInFlight() {
    Pace pace = Pace.poisson(10, 1);
    long first = pace.nanosToNext(0, 0);
    assertThat(first).isPositive();
    assertThat(pace.nanosToNext(1_000, first - 1)).isEqualTo(1);
    assertThat(pace.nanosToNext(1_000, first)).isNotPositive();
    pace.sent();
    assertThat(pace.nanosToNext(1_000, first)).isPositive();
  }

  @Test
  void theTimesBetweenArrivalsAreExponential() {
    int count = 100_000;
    double[] arrivals = arrivals(Pace.poisson(4, 7), count);
    assertThat(arrivals[count - 1] / 1e9).isCloseTo(count / 4., within(0.02 * count / 4));
    // Of an exponential distribution's gaps a share of exp(-x) is longer than x times the mean.
    for (double times : new double[] {0.1, 1, 3}) {
      int longer = 0;
      for (int i = 1; i < count; i++) {
        longer += arrivals[i] - arrivals[i - 1] > times * 1e9 / 4 ? 1 : 0;
      }
      assertThat((double) longer / count).isCloseTo(Math.exp(-times), within(0.01));
    }
  }

  @Test
  void aSeedGivesTheSameArrivals() {
    assertThat(arrivals(Pace.poisson(4, 7), 50))
        .containsExactly(arrivals(Pace.poisson(4, 7), 50))
        .isNotEqualTo(arrivals(Pace.poisson(4, 8), 50));
  }
}
