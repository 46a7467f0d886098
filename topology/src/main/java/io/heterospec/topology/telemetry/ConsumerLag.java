package io.heterospec.topology.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.ObservableDoubleGauge;
import io.opentelemetry.api.metrics.ObservableDoubleMeasurement;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;

/**
 * How far the application is behind its input topics, in records for each partition: Kafka's own
 * metric, handed on to OpenTelemetry.
 */
public final class ConsumerLag implements AutoCloseable {
  private static final String GROUP = "consumer-fetch-manager-metrics";
  private static final String NAME = "records-lag";
  private static final String CHANGELOG_SUFFIX = "-changelog";

  private final String group;
  private final Supplier<Map<MetricName, ? extends Metric>> metrics;
  private final ObservableDoubleGauge gauge;

  /**
   * @param group the instance's application id: instances of a process may read the same topic
   * @param metrics of a Kafka Streams instance, as they are when asked for
   */
  public ConsumerLag(
      OpenTelemetry telemetry, String group, Supplier<Map<MetricName, ? extends Metric>> metrics) {
    this.group = group;
    this.metrics = metrics;
    this.gauge =
        telemetry
            .getMeter(GenAi.SCOPE)
            .gaugeBuilder("heterospec.consumer.lag")
            .setUnit("{record}")
            .setDescription("Records of an input partition that were not read yet")
            .buildWithCallback(this::observe);
  }

  private void observe(ObservableDoubleMeasurement measurement) {
    metrics
        .get()
        .forEach(
            (name, metric) -> {
              String topic = name.tags().get("topic");
              if (name.group().equals(GROUP)
                  && name.name().equals(NAME)
                  && !topic.endsWith(CHANGELOG_SUFFIX)
                  && metric.metricValue() instanceof Double lag
                  && !lag.isNaN()) {
                measurement.record(
                    lag,
                    Attributes.of(
                        GenAi.CONSUMER_GROUP, group,
                        GenAi.DESTINATION, topic,
                        GenAi.PARTITION, name.tags().get("partition")));
              }
            });
  }

  @Override
  public void close() {
    gauge.close();
  }
}
