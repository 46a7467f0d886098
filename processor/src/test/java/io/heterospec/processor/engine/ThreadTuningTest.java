package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ThreadTuningTest {
  /** The choice where {@code n} threads make a pass as fast as the n-th factor says. */
  private static int best(double... speed) {
    return ThreadTuning.best(speed.length, threads -> 1e6 / speed[threads - 1]);
  }

  @Test
  void oneCoreHasOneThread() {
    assertThat(best(1)).isEqualTo(1);
  }

  @Test
  void powersOfTwoAreTriedAllCoresButOneAndAll() {
    for (int cores : new int[] {1, 2, 3, 4, 5, 16}) {
      List<Integer> tried = new ArrayList<>();
      ThreadTuning.best(
          cores,
          threads -> {
            tried.add(threads);
            return 1e6 / threads;
          });
      assertThat(tried).startsWith(1).endsWith(cores).doesNotHaveDuplicates();
      if (cores > 1) {
        assertThat(tried).contains(cores - 1);
      }
      if (cores == 16) {
        assertThat(tried).containsExactly(1, 2, 4, 8, 15, 16);
      }
    }
  }

  @Test
  void threadsThatBringNextToNothingAreLeftToOthers() {
    assertThat(best(1, 1.04, 1.04, 1.04)).isEqualTo(1);
    assertThat(best(1, 1.8, 1.85, 1.85)).isEqualTo(2);
    assertThat(best(1, 1.8, 2.4, 2.4)).isEqualTo(3);
  }

  @Test
  void theLastCoreIsTakenWhereItBringsAFourthOfWhatItCould() {
    assertThat(best(1, 1.2)).isEqualTo(1);
    assertThat(best(1, 1.3)).isEqualTo(2);
    assertThat(best(1, 1.9, 2.7, 2.9)).isEqualTo(3);
    assertThat(best(1, 1.9, 2.7, 3.1)).isEqualTo(4);
  }
}
