package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.schemas.GenerationDelta;
import java.util.Collections;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeltaTimesTest {
  private final DeltaTimes times = new DeltaTimes();

  private static GenerationDelta delta(String id, int offset, int tokens) {
    return GenerationDelta.newBuilder()
        .setRequestId(id)
        .setTokenOffset(offset)
        .setTokenIds(Collections.nCopies(tokens, 7))
        .build();
  }

  private static long ms(long millis) {
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void theFirstDeltaIsTimedFromPublishingAndTheOthersByToken() {
    times.publishing("r", ms(100));
    times.add(delta("r", 0, 3), ms(140));
    times.add(delta("r", 3, 4), ms(160));
    assertThat(times.msToFirstToken(0.5)).isCloseTo(40, within(1e-9));
    assertThat(times.msPerToken(0.5)).isCloseTo(5, within(1e-9));
  }

  @Test
  void tokensThatComeAgainAreNotTimedAgain() {
    times.publishing("r", ms(0));
    times.add(delta("r", 0, 4), ms(10));
    times.add(delta("r", 0, 2), ms(500));
    times.add(delta("r", 2, 4), ms(530));
    assertThat(times.msToFirstToken(0.99)).isCloseTo(10, within(1e-9));
    assertThat(times.msPerToken(0.99)).isCloseTo(260, within(1e-9));
  }

  @Test
  void requestsThatWereNotAnnouncedAreIgnored() {
    times.add(delta("other", 0, 4), ms(10));
    assertThat(times.msToFirstToken(0.5)).isZero();
    assertThat(times.msPerToken(0.5)).isZero();
  }
}
