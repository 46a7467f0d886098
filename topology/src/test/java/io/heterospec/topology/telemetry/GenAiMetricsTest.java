package io.heterospec.topology.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.kv.CacheTier;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.SpeculationSummary;
import io.heterospec.schemas.Timings;
import io.heterospec.schemas.Usage;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GenAiMetricsTest {
  private static final String SECRET = "a secret answer";

  private final InMemoryMetricReader reader = InMemoryMetricReader.create();
  private final OpenTelemetrySdk telemetry =
      OpenTelemetrySdk.builder()
          .setMeterProvider(SdkMeterProvider.builder().registerMetricReader(reader).build())
          .build();
  private final GenerationMetrics metrics = new GenerationMetrics(telemetry, null);

  @AfterEach
  void close() {
    metrics.close();
    telemetry.close();
  }

  private Map<String, MetricData> collected() {
    return reader.collectAllMetrics().stream()
        .collect(Collectors.toMap(MetricData::getName, Function.identity()));
  }

  private static HistogramPointData only(MetricData metric) {
    assertThat(metric.getHistogramData().getPoints()).hasSize(1);
    return metric.getHistogramData().getPoints().iterator().next();
  }

  private static Completion.Builder completion() {
    return Completion.newBuilder()
        .setRequestId("r")
        .setModel("demo")
        .setText(SECRET)
        .setFinishReason(FinishReason.LENGTH)
        .setUsage(new Usage(30, 21, 0))
        .setTimings(new Timings(100.0, 50.0, 500.0))
        .setSpeculation(
            SpeculationSummary.newBuilder().setMode("heterospec").setTargetCalls(10).build());
  }

  @Test
  void aRequestsTimesAndTokensFollowTheConventions() {
    metrics.finished(completion().build());
    Map<String, MetricData> all = collected();

    assertThat(only(all.get("gen_ai.server.request.duration")).getSum())
        .isCloseTo(0.65, within(1e-9));
    assertThat(only(all.get("gen_ai.server.time_to_first_token")).getSum())
        .isCloseTo(0.2, within(1e-9));
    assertThat(only(all.get("gen_ai.server.time_per_output_token")).getSum())
        .isCloseTo(0.45 / 20, within(1e-9));
    assertThat(all.get("gen_ai.client.token.usage").getHistogramData().getPoints())
        .extracting(HistogramPointData::getSum)
        .containsExactlyInAnyOrder(30.0, 21.0);
    assertThat(all.toString())
        .contains("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")
        .doesNotContain(SECRET);
  }

  @Test
  void aRequestThatWasRefusedCountsAsAnErrorWithoutTokens() {
    metrics.finished(
        Completion.newBuilder()
            .setRequestId("r")
            .setModel("demo")
            .setFinishReason(FinishReason.FAILED)
            .setError(new CompletionError("PROMPT_TOO_LONG", "too long"))
            .build());
    Map<String, MetricData> all = collected();

    assertThat(only(all.get("gen_ai.server.request.duration")).getAttributes().toString())
        .contains("error.type", "PROMPT_TOO_LONG");
    assertThat(all)
        .doesNotContainKeys("gen_ai.client.token.usage", "gen_ai.server.time_to_first_token");
  }

  @Test
  void turnsAndTheirCachedTokensAreCountedByTier() {
    metrics.turn(CacheTier.DEVICE, 40);
    metrics.turn(CacheTier.DEVICE, 2);
    metrics.turn(CacheTier.NONE, 0);
    Map<String, MetricData> all = collected();

    Map<String, Long> cached =
        all.get("heterospec.session.cached_tokens").getLongSumData().getPoints().stream()
            .collect(
                Collectors.toMap(
                    point -> point.getAttributes().asMap().values().iterator().next().toString(),
                    point -> point.getValue()));
    assertThat(cached).isEqualTo(Map.of("device", 42L, "none", 0L));
  }
}
