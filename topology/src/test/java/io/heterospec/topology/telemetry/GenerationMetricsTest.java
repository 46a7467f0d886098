package io.heterospec.topology.telemetry;

import static io.heterospec.topology.telemetry.TelemetryFixture.ARRIVED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.kv.CacheTier;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GenerationMetricsTest {
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

  private static long sum(MetricData metric) {
    return metric.getLongSumData().getPoints().stream().mapToLong(LongPointData::getValue).sum();
  }

  // By the value of a counter's only attribute, or of the one that ends so.
  private static Map<String, Long> by(MetricData metric, String attribute) {
    return metric.getLongSumData().getPoints().stream()
        .collect(
            Collectors.toMap(
                point ->
                    point.getAttributes().asMap().entrySet().stream()
                        .filter(entry -> entry.getKey().getKey().endsWith(attribute))
                        .map(entry -> entry.getValue().toString())
                        .findFirst()
                        .orElseThrow(),
                LongPointData::getValue));
  }

  @Test
  void aRequestsTimesAndTokensFollowTheConventions() {
    metrics.firstToken(TelemetryFixture.pending(), ARRIVED.plusMillis(200));
    metrics.finished(TelemetryFixture.ended(CacheTier.NONE, 0));
    Map<String, MetricData> all = collected();

    assertThat(only(all.get("gen_ai.server.request.duration")).getSum())
        .isCloseTo(0.65, within(1e-9));
    assertThat(only(all.get("gen_ai.server.time_to_first_token")).getSum())
        .isCloseTo(0.2, within(1e-9));
    assertThat(only(all.get("gen_ai.server.time_per_output_token")).getSum())
        .isCloseTo(0.025, within(1e-9));
    assertThat(all.get("gen_ai.client.token.usage").getHistogramData().getPoints())
        .extracting(HistogramPointData::getSum)
        .containsExactlyInAnyOrder(30.0, 21.0);
    assertThat(all.toString())
        .contains("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")
        .doesNotContain(TelemetryFixture.SECRET);
  }

  @Test
  void aRequestThatWasRefusedCountsAsAnErrorWithoutTokens() {
    metrics.finished(TelemetryFixture.refused());
    Map<String, MetricData> all = collected();

    assertThat(only(all.get("gen_ai.server.request.duration")).getAttributes().toString())
        .contains("error.type", "PROMPT_TOO_LONG");
    assertThat(all)
        .doesNotContainKeys("gen_ai.client.token.usage", "gen_ai.server.time_per_output_token");
  }

  @Test
  void turnsAndTheirCachedTokensAreCountedByTier() {
    metrics.finished(TelemetryFixture.ended(CacheTier.DEVICE, 20));
    metrics.finished(TelemetryFixture.ended(CacheTier.DEVICE, 2));
    metrics.finished(TelemetryFixture.ended(CacheTier.NONE, 0));
    Map<String, MetricData> all = collected();

    assertThat(by(all.get("heterospec.session.turns"), "tier"))
        .isEqualTo(Map.of("device", 2L, "none", 1L));
    assertThat(by(all.get("heterospec.session.cached_tokens"), "tier"))
        .isEqualTo(Map.of("device", 22L, "none", 0L));
  }

  @Test
  void onlyCyclesThatVerifiedDraftedTokensAreDrafts() {
    metrics.cycle(TelemetryFixture.cycle(8, 5, 3, 64));
    metrics.cycle(TelemetryFixture.cycle(8, 5, 1, 64));
    metrics.cycle(TelemetryFixture.cycle(0, 1, 0, 64));
    Map<String, MetricData> all = collected();

    assertThat(sum(all.get("heterospec.drafts"))).isEqualTo(2);
    assertThat(sum(all.get("heterospec.drafted_tokens"))).isEqualTo(8); // without the roots
    assertThat(sum(all.get("heterospec.accepted_tokens"))).isEqualTo(4);
    assertThat(by(all.get("heterospec.accepted_tokens_per_position"), "position"))
        .isEqualTo(Map.of("0", 2L, "1", 1L, "2", 1L));
    assertThat(sum(all.get("heterospec.target_calls"))).isEqualTo(3);
    assertThat(only(all.get("heterospec.budget")).getCount()).isEqualTo(3);
    assertThat(only(all.get("heterospec.meta_path_entropy")).getCount()).isEqualTo(2);
  }
}
