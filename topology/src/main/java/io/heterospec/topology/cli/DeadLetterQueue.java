package io.heterospec.topology.cli;

import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.embedded.UnusableResourceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The dead letters as a queue. What was replayed is told by the committed offsets of a consumer
 * group; the records themselves stay until the topic's retention ends.
 */
final class DeadLetterQueue implements AutoCloseable {
  private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Map<String, Object> writing; // settings of the producer
  private final String transactionalId;
  private final Consumer<byte[], byte[]> consumer;
  private final List<TopicPartition> partitions;

  /**
   * @throws UnusableResourceException when no broker answers or there is no such topic
   */
  DeadLetterQueue(HeteroSpecConfig config) {
    transactionalId = config.getString(HeteroSpecConfig.APPLICATION_ID) + "-dlq-replay";
    writing = config.producerSettings();
    writing.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    writing.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    writing.put(ProducerConfig.ACKS_CONFIG, "all");
    Map<String, Object> reading = config.clientSettings();
    reading.put(ConsumerConfig.GROUP_ID_CONFIG, transactionalId);
    reading.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    reading.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    reading.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    consumer =
        new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    try {
      partitions = partitions(config.topics().deadLetters());
      consumer.assign(partitions);
    } catch (TimeoutException e) {
      consumer.close();
      throw new UnusableResourceException(
          "no Kafka broker answers at %s; start one or give --bootstrap-servers"
              .formatted(reading.get(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG)),
          e);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  private List<TopicPartition> partitions(String topic) {
    List<PartitionInfo> known = consumer.partitionsFor(topic, LOOKUP_LIMIT);
    if (known == null || known.isEmpty()) {
      throw new UnusableResourceException(
          "topic " + topic + " does not exist; is the application running on this cluster?", null);
    }
    return known.stream().map(info -> new TopicPartition(topic, info.partition())).toList();
  }

  /**
   * Reads what is there now.
   *
   * @param replayed whether those that were replayed count, too
   * @param limit most letters; 0 for all
   */
  List<DeadLetter> read(boolean replayed, int limit) {
    seek(replayed);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    List<DeadLetter> letters = new ArrayList<>();
    while (!atEnd(ends)) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (limit > 0 && letters.size() == limit) {
          return letters;
        }
        letters.add(new DeadLetter(record));
      }
    }
    return letters;
  }

  private void seek(boolean replayed) {
    consumer.seekToBeginning(partitions);
    if (!replayed) {
      consumer.committed(Set.copyOf(partitions)).entrySet().stream()
          .filter(entry -> entry.getValue() != null)
          .forEach(entry -> consumer.seek(entry.getKey(), entry.getValue()));
    }
  }

  private boolean atEnd(Map<TopicPartition, Long> ends) {
    return partitions.stream().allMatch(each -> consumer.position(each) >= ends.get(each));
  }

  /**
   * Sends letters to the topics they came from and notes that they were replayed, in one
   * transaction: a replay that is cut off has not happened.
   *
   * @param letters as {@link #read} gave them
   * @throws IllegalStateException when a letter does not say where it came from, or the producer
   *     may not send as large a record
   */
  void replay(Collection<DeadLetter> letters) {
    Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
    for (DeadLetter letter : letters) {
      if (letter.sourceTopic() == null) {
        throw new IllegalStateException(
            letter.place() + " does not say which topic it came from; nothing was replayed");
      }
      ConsumerRecord<byte[], byte[]> record = letter.record();
      done.put(
          new TopicPartition(record.topic(), record.partition()),
          new OffsetAndMetadata(record.offset() + 1));
    }
    try (Producer<byte[], byte[]> producer =
        new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      try {
        producer.beginTransaction();
        letters.forEach(letter -> producer.send(letter.original()));
        producer.sendOffsetsToTransaction(done, consumer.groupMetadata());
        producer.commitTransaction();
      } catch (KafkaException e) {
        abort(producer, e);
        throw e.getCause() instanceof RecordTooLargeException ? tooLarge(e) : e;
      }
    }
  }

  // One left open would hold up all who read the topic committed until it times out.
  private static void abort(Producer<byte[], byte[]> producer, KafkaException reason) {
    try {
      producer.abortTransaction();
    } catch (KafkaException e) {
      reason.addSuppressed(e);
    }
  }

  private IllegalStateException tooLarge(KafkaException reason) {
    return new IllegalStateException(
        "nothing was replayed: a letter is larger than %s allows (%s bytes); raise it in the file of"
                .formatted(
                    HeteroSpecConfig.MAX_RECORD_BYTES,
                    writing.get(ProducerConfig.MAX_REQUEST_SIZE_CONFIG))
            + " --config to what the brokers take",
        reason);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
