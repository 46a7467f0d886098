package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PositionRandomTest {
  private static final double SCALE = 0x1p-53;

  @Test
  void numbersAreUniformOverPositionsAndOverSeeds() {
    double sum = 0;
    double squares = 0;
    int count = 100_000;
    for (int i = 0; i < count; i++) {
      double u = PositionRandom.at(i % 317, i / 317) * SCALE;
      assertThat(u).isBetween(0.0, 1.0);
      sum += u;
      squares += u * u;
    }
    assertThat(sum / count).isCloseTo(0.5, within(0.005));
    assertThat(squares / count).isCloseTo(1.0 / 3, within(0.005));
  }

  @Test
  void neighbouringSeedsDoNotShareShiftedStreams() {
    Set<Long> seen = new HashSet<>();
    for (long seed = -5; seed < 5; seed++) {
      for (int position = 0; position < 1000; position++) {
        assertThat(seen.add(PositionRandom.at(seed, position))).isTrue();
      }
    }
  }

  // A change of these would change every sampled text, and break generations resumed after an
  // update.
  @Test
  void theNumbersNeverChange() {
    assertThat(
            new long[] {
              PositionRandom.at(0, 0), PositionRandom.at(7, 41), PositionRandom.at(-1, 9)
            })
        .containsExactly(GOLDEN);
  }

  private static final long[] GOLDEN = {5876733520225071L, 2349517460263778L, 7926935921350930L};
}
