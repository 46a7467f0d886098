package io.heterospec.topology.route;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the producer takes as a dead letter. One that it refuses would end the task, and then the
 * one that reads the same record after it, and so on: such a letter is not sent. The log says where
 * the record is.
 */
final class DeadLetterLimit {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterLimit.class);
  private static final String PRODUCERS_DEFAULT = Integer.toString(1 << 20);

  // What a batch and a record add, and a header: lengths of its parts.
  private static final int ENVELOPE = 256;
  private static final int HEADER = 16;

  private final long bytes;

  /**
   * @param configs Kafka Streams' settings
   */
  DeadLetterLimit(Map<String, ?> configs) {
    String key = ProducerConfig.MAX_REQUEST_SIZE_CONFIG;
    Object most = configs.get(StreamsConfig.producerPrefix(key)); // wins over the plain key
    if (most == null) {
      most = configs.get(key);
    }
    bytes = Long.parseLong(most == null ? PRODUCERS_DEFAULT : most.toString());
  }

  /**
   * Those that can be sent.
   *
   * @param context of the record that they are about
   */
  List<ProducerRecord<byte[], byte[]>> fitting(
      ErrorHandlerContext context, List<ProducerRecord<byte[], byte[]>> letters) {
    return letters.stream().filter(letter -> fits(context, letter)).toList();
  }

  private boolean fits(ErrorHandlerContext context, ProducerRecord<byte[], byte[]> letter) {
    long size = size(letter);
    if (size > bytes) {
      LOG.error(
          "{}-{}@{} is invalid and gets no dead letter: it would have {} bytes, {} is {}",
          context.topic(),
          context.partition(),
          context.offset(),
          size,
          ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
          bytes);
    }
    return size <= bytes;
  }

  /** Bytes of a record at most. */
  static long size(ProducerRecord<byte[], byte[]> record) {
    long size = ENVELOPE + length(record.key()) + length(record.value());
    for (Header header : record.headers()) {
      size += HEADER + header.key().getBytes(StandardCharsets.UTF_8).length;
      size += length(header.value());
    }
    return size;
  }

  private static long length(byte[] part) {
    return part == null ? 0 : part.length;
  }
}
