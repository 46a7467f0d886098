package io.heterospec.topology.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class QueueBoundTest {
  private static final long SECOND = 1_000_000_000L;

  private static Duration refused(QueueBound places) {
    GatewayException refusal = catchThrowableOfType(GatewayException.class, places::enter);
    assertThat(refusal.reason()).isEqualTo(GatewayException.Reason.FULL);
    return refusal.retryAfter();
  }

  @Test
  void aPlaceThatIsGivenBackIsFreeAgain() {
    QueueBound places = new QueueBound(1);
    places.enter();
    refused(places);
    places.leave(SECOND);
    places.enter();
    assertThat(places.open()).isEqualTo(1);
  }

  @Test
  void thoseRefusedAreToldToComeBackAfterAboutTheTimeBetweenTwoEnds() {
    QueueBound places = new QueueBound(1);
    for (int i = 1; i <= 60; i++) {
      places.enter();
      places.leave(i * 7 * SECOND);
    }
    places.enter();
    assertThat(refused(places)).isBetween(Duration.ofSeconds(6), Duration.ofSeconds(8));
  }

  @Test
  void aFastServerStillAsksForASecondAndASlowOneForAMinuteAtMost() {
    QueueBound places = new QueueBound(1);
    places.enter();
    assertThat(refused(places)).isEqualTo(Duration.ofSeconds(1));
    for (int i = 1; i <= 60; i++) {
      places.leave(i * 900 * SECOND);
      places.enter();
    }
    assertThat(refused(places)).isEqualTo(Duration.ofSeconds(60));
  }
}
