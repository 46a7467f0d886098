package io.heterospec.topology.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableDoubleMeasurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;

/**
 * Metrics of Kafka Streams and its clients, handed on to OpenTelemetry: of the hundreds that they
 * keep, those that tell whether work gets through. {@link BridgedMetric} lists them.
 */
public final class KafkaMetrics implements AutoCloseable {
  private static final AttributeKey<String> CLIENT = AttributeKey.stringKey("messaging.client.id");
  private static final AttributeKey<String> THREAD = AttributeKey.stringKey("thread.name");
  private static final AttributeKey<String> TASK = AttributeKey.stringKey("kafka.streams.task.id");
  private static final Map<String, AttributeKey<String>> ATTRIBUTES =
      Map.of("client-id", CLIENT, "thread-id", THREAD, "task-id", TASK);

  private final String group;
  private final Supplier<Map<MetricName, ? extends Metric>> metrics;
  private final List<Runnable> closers = new ArrayList<>();

  /**
   * @param group the instance's application id
   * @param metrics of a Kafka Streams instance, as they are when asked for
   */
  public KafkaMetrics(
      OpenTelemetry telemetry, String group, Supplier<Map<MetricName, ? extends Metric>> metrics) {
    this.group = group;
    this.metrics = metrics;
    Meter meter = telemetry.getMeter(GenAi.SCOPE);
    for (BridgedMetric bridged : BridgedMetric.ALL) {
      closers.add(observe(meter, bridged));
    }
  }

  private Runnable observe(Meter meter, BridgedMetric bridged) {
    if (bridged.counts()) {
      return meter
              .counterBuilder(bridged.name())
              .setUnit(bridged.unit())
              .setDescription(bridged.description())
              .ofDoubles()
              .buildWithCallback(measurement -> record(bridged, measurement))
          ::close;
    }
    return meter
            .gaugeBuilder(bridged.name())
            .setUnit(bridged.unit())
            .setDescription(bridged.description())
            .buildWithCallback(measurement -> record(bridged, measurement))
        ::close;
  }

  private void record(BridgedMetric bridged, ObservableDoubleMeasurement measurement) {
    metrics
        .get()
        .forEach(
            (name, metric) -> {
              if (bridged.matches(name)
                  && metric.metricValue() instanceof Number value
                  && !Double.isNaN(value.doubleValue())) {
                measurement.record(value.doubleValue() * bridged.scale(), attributes(name));
              }
            });
  }

  private Attributes attributes(MetricName name) {
    AttributesBuilder attributes = Attributes.builder().put(GenAi.CONSUMER_GROUP, group);
    name.tags()
        .forEach(
            (tag, value) -> {
              AttributeKey<String> key = ATTRIBUTES.get(tag);
              if (key != null) {
                attributes.put(key, value);
              }
            });
    return attributes.build();
  }

  @Override
  public void close() {
    closers.forEach(Runnable::run);
  }
}
