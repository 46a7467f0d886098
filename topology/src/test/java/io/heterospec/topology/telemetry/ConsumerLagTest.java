package io.heterospec.topology.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.export.CollectionRegistration;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import java.util.Map;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.junit.jupiter.api.Test;

class ConsumerLagTest {

  private static final class Reader implements MetricReader {
    private CollectionRegistration registration;

    @Override
    public void register(CollectionRegistration given) {
      registration = given;
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
      return AggregationTemporality.CUMULATIVE;
    }

    @Override
    public CompletableResultCode forceFlush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  private static MetricName lag(String topic) {
    return new MetricName(
        "records-lag",
        "consumer-fetch-manager-metrics",
        "",
        Map.of("topic", topic, "partition", "3"));
  }

  private static Metric value(MetricName name, Object value) {
    return new Metric() {
      @Override
      public MetricName metricName() {
        return name;
      }

      @Override
      public Object metricValue() {
        return value;
      }
    };
  }

  @Test
  void theLagOfInputPartitionsIsHandedOnAndThatOfChangelogsIsNot() {
    MetricName input = lag("requests");
    MetricName unknown = lag("cancellations");
    MetricName changelog = lag("app-pending-changelog");
    Map<MetricName, Metric> metrics =
        Map.of(
            input, value(input, 42.0),
            unknown, value(unknown, Double.NaN),
            changelog, value(changelog, 7.0));
    Reader reader = new Reader();
    try (OpenTelemetrySdk telemetry =
            OpenTelemetrySdk.builder()
                .setMeterProvider(SdkMeterProvider.builder().registerMetricReader(reader).build())
                .build();
        ConsumerLag lag = new ConsumerLag(telemetry, "app", () -> metrics)) {
      assertThat(lag).isNotNull();
      assertThat(reader.registration.collectAllMetrics())
          .singleElement()
          .satisfies(
              metric -> {
                assertThat(metric.getName()).isEqualTo("heterospec.consumer.lag");
                assertThat(metric.getDoubleGaugeData().getPoints())
                    .singleElement()
                    .satisfies(
                        point -> {
                          assertThat(point.getValue()).isEqualTo(42.0);
                          assertThat(
                                  point
                                      .getAttributes()
                                      .get(AttributeKey.stringKey("messaging.destination.name")))
                              .isEqualTo("requests");
                        });
              });
    }
  }
}
