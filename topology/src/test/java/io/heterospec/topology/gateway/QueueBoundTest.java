package io.heterospec.topology.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class QueueBoundTest {
  private static final long SECOND = 1_000_000_000L;

  private static Duration refused(QueueBound places) {
    GatewayException refusal = catchThrowableOfType(GatewayException.class, () -> places.enter(0));
    assertThat(refusal.reason()).isEqualTo(GatewayException.Reason.FULL);
    return refusal.retryAfter();
  }

  @Test
  void aPlaceThatIsGivenBackIsFreeAgain() {
    QueueBound places = new QueueBound(1);
    places.enter(0);
    refused(places);
    places.leave(SECOND);
    places.enter(SECOND);
    assertThat(places.open()).isEqualTo(1);
  }

  /** So many requests that end so far apart, the next already waiting. */
  private static QueueBound busy(int ends, long secondsApart) {
    QueueBound places = new QueueBound(2);
    places.enter(0);
    for (int i = 1; i <= ends; i++) {
      places.enter(i * secondsApart * SECOND);
      places.leave(i * secondsApart * SECOND);
    }
    places.enter(ends * secondsApart * SECOND);
    return places;
  }

  @Test
  void thoseRefusedAreToldToComeBackAfterAboutTheTimeBetweenTwoEnds() {
    assertThat(refused(busy(60, 7))).isBetween(Duration.ofSeconds(6), Duration.ofSeconds(8));
  }

  @Test
  void aFastServerStillAsksForASecondAndASlowOneForAMinuteAtMost() {
    assertThat(refused(busy(0, 0))).isEqualTo(Duration.ofSeconds(1));
    assertThat(refused(busy(60, 900))).isEqualTo(Duration.ofSeconds(60));
  }

  @Test
  void timeInWhichNothingWasOpenDoesNotCount() {
    QueueBound places = new QueueBound(1);
    for (int i = 1; i <= 60; i++) {
      places.enter(i * 3_600 * SECOND);
      places.leave(i * 3_600 * SECOND + SECOND);
    }
    places.enter(1_000_000 * SECOND);
    assertThat(refused(places)).isEqualTo(Duration.ofSeconds(1));
  }
}
