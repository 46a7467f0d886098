package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SoakVerdictTest {
  private static final int SAMPLES = 30;

  private static SoakSample sample(double rss, double threads, double pollGap) {
    return new SoakSample(0, 0, rss, 30, threads, 50, 20, 300, 4, 0, pollGap);
  }

  private static List<SoakSample> resident(int count, IntToDoubleFunction mebibytes) {
    return IntStream.range(0, count)
        .mapToObj(i -> sample(mebibytes.applyAsDouble(i), 40, 0.02))
        .toList();
  }

  @Test
  void whatGrowsOnlyWhileItWarmsUpLevelsOff() {
    assertThat(SoakVerdict.growing(resident(SAMPLES, i -> i < 10 ? 200 + 20 * i : 400))).isEmpty();
  }

  @Test
  void whatComesAndGoesLevelsOff() {
    assertThat(SoakVerdict.growing(resident(SAMPLES, i -> 300 + 40 * (i % 4)))).isEmpty();
  }

  @Test
  void whatKeepsGrowingIsNamedWithItsFigures() {
    assertThat(SoakVerdict.growing(resident(SAMPLES, i -> 200 + 10 * i)))
        .containsExactly("resident memory: 345 on average in the second third, 445 in the last");
  }

  @Test
  void aLeakOfAFewThreadsIsFound() {
    List<SoakSample> leaking =
        IntStream.range(0, SAMPLES).mapToObj(i -> sample(300, 40 + i, 0.02)).toList();
    assertThat(SoakVerdict.growing(leaking)).singleElement().asString().startsWith("threads");
  }

  @Test
  void aFewSamplesSayNothing() {
    assertThat(SoakVerdict.growing(resident(8, i -> 200 + 100 * i))).isEmpty();
  }

  @Test
  void theLongestPollGapOfAllSamplesCounts() {
    assertThat(SoakVerdict.longestPollGap(List.of(sample(1, 1, 0.2), sample(1, 1, 0.1))))
        .isEqualTo(0.2);
    assertThat(SoakVerdict.longestPollGap(List.of())).isZero();
  }
}
