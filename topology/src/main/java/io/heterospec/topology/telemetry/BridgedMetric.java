package io.heterospec.topology.telemetry;

import java.util.List;
import java.util.Set;
import org.apache.kafka.common.MetricName;

/**
 * One of Kafka's own metrics and what OpenTelemetry calls it: names follow OpenTelemetry's bridge
 * of Kafka clients.
 *
 * @param group and {@code kafkaName} as Kafka has them
 * @param tags exactly those of the metric: Kafka keeps some also by topic or by node
 * @param name OpenTelemetry's
 * @param unit after scaling
 * @param scale what Kafka's value is multiplied by
 * @param counts whether it only grows
 */
record BridgedMetric(
    String group,
    String kafkaName,
    Set<String> tags,
    String name,
    String unit,
    String description,
    double scale,
    boolean counts) {
  private static final Set<String> BY_CLIENT = Set.of("client-id");
  private static final Set<String> BY_THREAD = Set.of("thread-id");
  private static final Set<String> BY_TASK = Set.of("thread-id", "task-id");

  static final List<BridgedMetric> ALL =
      List.of(
          counter(
              "consumer-fetch-manager-metrics",
              "records-consumed-total",
              BY_CLIENT,
              "kafka.consumer.records_consumed",
              "{record}",
              "Records read"),
          counter(
              "consumer-fetch-manager-metrics",
              "bytes-consumed-total",
              BY_CLIENT,
              "kafka.consumer.data_consumed",
              "By",
              "Bytes read"),
          seconds(
              "consumer-metrics",
              "time-between-poll-max",
              BY_CLIENT,
              "kafka.consumer.time_between_poll_max",
              "Longest time between two polls"),
          seconds(
              "consumer-coordinator-metrics",
              "rebalance-latency-avg",
              BY_CLIENT,
              "kafka.consumer.rebalance_latency_avg",
              "Mean time of a group's rebalance"),
          counter(
              "consumer-coordinator-metrics",
              "rebalance-total",
              BY_CLIENT,
              "kafka.consumer.rebalances",
              "{rebalance}",
              "Rebalances of the group"),
          counter(
              "producer-metrics",
              "record-send-total",
              BY_CLIENT,
              "kafka.producer.records_sent",
              "{record}",
              "Records written"),
          counter(
              "producer-metrics",
              "record-error-total",
              BY_CLIENT,
              "kafka.producer.record_errors",
              "{record}",
              "Records that could not be written"),
          seconds(
              "producer-metrics",
              "request-latency-avg",
              BY_CLIENT,
              "kafka.producer.request_latency_avg",
              "Mean time of a produce request"),
          counter(
              "stream-thread-metrics",
              "commit-total",
              BY_THREAD,
              "kafka.streams.commits",
              "{commit}",
              "Commits of a stream thread"),
          seconds(
              "stream-thread-metrics",
              "commit-latency-avg",
              BY_THREAD,
              "kafka.streams.commit_latency_avg",
              "Mean time of a commit"),
          seconds(
              "stream-thread-metrics",
              "punctuate-latency-avg",
              BY_THREAD,
              "kafka.streams.punctuate_latency_avg",
              "Mean time of a punctuation"),
          counter(
              "stream-thread-metrics",
              "process-total",
              BY_THREAD,
              "kafka.streams.records_processed",
              "{record}",
              "Records processed"),
          gauge(
              "stream-metrics",
              "alive-stream-threads",
              BY_CLIENT,
              "kafka.streams.alive_threads",
              "{thread}",
              "Stream threads that run"),
          gauge(
              "stream-task-metrics",
              "restore-remaining-records-total",
              BY_TASK,
              "kafka.streams.restore_remaining",
              "{record}",
              "Records of changelogs that are still to be restored"));

  private static BridgedMetric counter(
      String group, String kafka, Set<String> tags, String name, String unit, String description) {
    return new BridgedMetric(group, kafka, tags, name, unit, description, 1, true);
  }

  private static BridgedMetric gauge(
      String group, String kafka, Set<String> tags, String name, String unit, String description) {
    return new BridgedMetric(group, kafka, tags, name, unit, description, 1, false);
  }

  // Kafka's latencies are in milliseconds.
  private static BridgedMetric seconds(
      String group, String kafka, Set<String> tags, String name, String description) {
    return new BridgedMetric(group, kafka, tags, name, "s", description, 1e-3, false);
  }

  boolean matches(MetricName metric) {
    return metric.group().equals(group)
        && metric.name().equals(kafkaName)
        && metric.tags().keySet().equals(tags);
  }
}
