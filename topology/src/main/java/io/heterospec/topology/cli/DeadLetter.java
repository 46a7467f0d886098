package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A record that could not be processed, as Kafka Streams put it aside: the original bytes, and
 * where they were read and what was wrong in its headers (KIP-1034).
 */
record DeadLetter(ConsumerRecord<byte[], byte[]> record) {
  private static final String ERRORS = "__streams.errors.";
  private static final String REPLAYED_FROM = "heterospec.replayed.from";

  /** Topic that the record was read from; null when the header is missing. */
  String sourceTopic() {
    return header("topic");
  }

  /** The dead letter's own place, {@code topic-partition@offset}. */
  String place() {
    return "%s-%d@%d".formatted(record.topic(), record.partition(), record.offset());
  }

  private String header(String name) {
    Header header = record.headers().lastHeader(ERRORS + name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  /** The original record once more, with a note of where it comes from. */
  ProducerRecord<byte[], byte[]> original() {
    ProducerRecord<byte[], byte[]> original =
        new ProducerRecord<>(sourceTopic(), record.key(), record.value());
    for (Header header : record.headers()) {
      if (!header.key().startsWith(ERRORS) && !header.key().equals(REPLAYED_FROM)) {
        original.headers().add(header);
      }
    }
    original.headers().add(REPLAYED_FROM, place().getBytes(StandardCharsets.UTF_8));
    return original;
  }

  ObjectNode toJson() {
    return Json.object()
        .put("partition", record.partition())
        .put("offset", record.offset())
        .put("time", Instant.ofEpochMilli(record.timestamp()).toString())
        .put("key", record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8))
        .put("bytes", record.value() == null ? 0 : record.value().length)
        .put("source_topic", sourceTopic())
        .put("source_partition", header("partition"))
        .put("source_offset", header("offset"))
        .put("error", header("exception"))
        .put("message", header("message"));
  }
}
