package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.SpeculationSummary;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.Timings;
import io.heterospec.schemas.Usage;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveSpeedTest {
  private final LiveSpeed speed = new LiveSpeed();

  private static StepTelemetry cycle(int emitted, long atMs) {
    return StepTelemetry.newBuilder()
        .setRequestId("r")
        .setCycle(0)
        .setTokenOffset(0)
        .setEmitted(emitted)
        .setCreatedAt(Instant.ofEpochMilli(atMs))
        .build();
  }

  @Test
  void theFirstCyclesTokensDoNotCountAsSpeed() {
    speed.add(cycle(3, 1_000));
    assertThat(speed).hasToString("3 tokens, - tokens/s, acceptance 3.00");
    speed.add(cycle(1, 1_100));
    speed.add(cycle(4, 1_250));
    assertThat(speed).hasToString("8 tokens, 20.0 tokens/s, acceptance 2.67");
  }

  @Test
  void theEndIsToldFromTheCompletion() {
    Completion.Builder end =
        Completion.newBuilder()
            .setRequestId("r")
            .setFinishReason(FinishReason.LENGTH)
            .setUsage(new Usage(10, 51, 0))
            .setTimings(new Timings(100.0, 50.0, 2_000.0));
    assertThat(LiveSpeed.summary(end.build()))
        .isEqualTo("51 tokens in 2.0 s, 25.0 tokens/s, ended by length");
    end.setSpeculation(
        SpeculationSummary.newBuilder().setMode("eagle3").setMeanAcceptanceLength(2.5).build());
    assertThat(LiveSpeed.summary(end.build()))
        .isEqualTo("51 tokens in 2.0 s, 25.0 tokens/s, acceptance 2.50, ended by length");
  }

  @ParameterizedTest
  @CsvSource({"0, -", "1, -", "2, 10.0", "3, 20.0"})
  void theFirstTokenIsThereBeforeDecodingBegins(int tokens, String speed) {
    Completion end =
        Completion.newBuilder()
            .setRequestId("r")
            .setFinishReason(FinishReason.LENGTH)
            .setUsage(new Usage(10, tokens, 0))
            .setTimings(new Timings(0.0, 0.0, 100.0))
            .build();
    assertThat(LiveSpeed.tokensPerSecond(end)).isEqualTo(speed);
    assertThat(LiveSpeed.summary(end)).contains(speed + " tokens/s");
  }

  @Test
  void whatIsCancelledBeforeItRanHasNoSpeed() {
    Completion end =
        Completion.newBuilder().setRequestId("r").setFinishReason(FinishReason.CANCELLED).build();
    assertThat(LiveSpeed.summary(end))
        .isEqualTo("0 tokens in 0.0 s, - tokens/s, ended by cancelled");
  }
}
