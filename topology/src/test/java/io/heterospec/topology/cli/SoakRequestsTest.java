package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SoakRequestsTest {
  private final SoakRequests requests = new SoakRequests();

  @BeforeEach
  void publishTwo() {
    requests.publishing("a");
    requests.publishing("b");
  }

  private void end(String id, FinishReason reason) {
    requests.onCompletion(Completion.newBuilder().setRequestId(id).setFinishReason(reason).build());
  }

  private SoakRun.Outcome outcome() {
    return new SoakRun.Outcome(
        requests.published(),
        requests.completions(),
        requests.failed(),
        requests.surplus(),
        List.of());
  }

  private static long minutesFromNow(int minutes) {
    return System.nanoTime() + Duration.ofMinutes(minutes).toNanos();
  }

  @Test
  void everyRequestEndsOnce() {
    end("a", FinishReason.LENGTH);
    assertThat(requests.open()).isEqualTo(1);
    end("b", FinishReason.STOP);
    assertThat(requests.open()).isZero();
    assertThat(outcome().everyRequestEndedOnceAndWell()).isTrue();
  }

  @Test
  void aSecondEndDoesNotStandInForOneThatIsLost() {
    end("a", FinishReason.STOP);
    end("a", FinishReason.STOP);
    assertThat(requests.open()).isEqualTo(1);
    assertThat(requests.completions()).isEqualTo(1);
    assertThat(requests.surplus()).isEqualTo(1);
    end("b", FinishReason.STOP);
    assertThat(outcome().everyRequestEndedOnceAndWell()).isFalse();
  }

  @Test
  void anEndOfAnUnknownRequestIsNoEnd() {
    end("c", FinishReason.STOP);
    assertThat(requests.open()).isEqualTo(2);
    assertThat(requests.surplus()).isEqualTo(1);
  }

  @Test
  void aFailedRequestHasEnded() {
    end("a", FinishReason.FAILED);
    end("b", FinishReason.STOP);
    assertThat(requests.open()).isZero();
    assertThat(requests.failed()).isEqualTo(1);
    assertThat(outcome().everyRequestEndedOnceAndWell()).isFalse();
  }

  @Test
  void aRequestThatIsLostIsNotWaitedForForever() {
    end("a", FinishReason.STOP);
    assertThatCode(() -> requests.requireNews(minutesFromNow(4))).doesNotThrowAnyException();
    assertThatThrownBy(() -> requests.requireNews(minutesFromNow(6)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("1 of 2 requests ended");
  }

  @Test
  void nothingIsMissingWhenAllHaveEnded() {
    end("a", FinishReason.STOP);
    end("b", FinishReason.STOP);
    assertThatCode(() -> requests.requireNews(minutesFromNow(6))).doesNotThrowAnyException();
  }
}
