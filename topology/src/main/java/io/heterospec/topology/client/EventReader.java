package io.heterospec.topology.client;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.RegistryUnavailableException;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.Avro;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.embedded.UnusableResourceException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads output records that are written after it was opened. */
public final class EventReader implements AutoCloseable {
  private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(10);
  private static final String READ_COMMITTED = "read_committed";
  private static final String READ_UNCOMMITTED = "read_uncommitted";

  /** Receives the records of one poll, each topic's in order. */
  public interface Handler {
    default void onDelta(GenerationDelta delta) {}

    default void onTelemetry(StepTelemetry step) {}

    default void onCompletion(Completion completion) {}

    /** A record that can never be read; unless this returns, reading ends with it. */
    default void onUnreadable(
        String topic, int partition, long offset, SerializationException reason) {
      throw reason;
    }
  }

  private final Topics topics;
  private final Consumer<String, byte[]> consumer;
  private final Deserializer<GenerationDelta> deltas;
  private final Deserializer<StepTelemetry> telemetry;
  private final Deserializer<Completion> completions;

  private EventReader(HeteroSpecConfig config, String isolation, List<String> names) {
    topics = config.topics();
    Map<String, Object> settings = config.clientSettings();
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false"); // it has no group
    consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
    Avro avro = new Avro(config.clientSettings());
    deltas = avro.deserializer(GenerationDelta.class);
    telemetry = avro.deserializer(StepTelemetry.class);
    completions = avro.deserializer(Completion.class);
    try {
      start(names);
    } catch (TimeoutException e) {
      consumer.close();
      throw new UnusableResourceException(
          "no Kafka broker answers at %s; start one with 'heterospec up' or give --bootstrap-servers"
              .formatted(settings.get(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG)),
          e);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  /**
   * Reads everything, committed.
   *
   * @throws UnusableResourceException when no broker answers or the topics do not exist
   */
  public static EventReader ofAll(HeteroSpecConfig config) {
    Topics topics = config.topics();
    return new EventReader(
        config, READ_COMMITTED, List.of(topics.deltas(), topics.telemetry(), topics.completions()));
  }

  /**
   * Reads everything as soon as it is written. After a crash some records may come again, or in
   * other pieces, and what an aborted transaction wrote comes, too.
   *
   * @throws UnusableResourceException when no broker answers or the topics do not exist
   */
  public static EventReader ofAllUncommitted(HeteroSpecConfig config) {
    Topics topics = config.topics();
    return new EventReader(
        config,
        READ_UNCOMMITTED,
        List.of(topics.deltas(), topics.telemetry(), topics.completions()));
  }

  /**
   * Reads deltas and completions, committed.
   *
   * @throws UnusableResourceException when no broker answers or the topics do not exist
   */
  public static EventReader ofAnswers(HeteroSpecConfig config) {
    Topics topics = config.topics();
    return new EventReader(config, READ_COMMITTED, List.of(topics.deltas(), topics.completions()));
  }

  /**
   * Reads deltas as soon as they are written. After a crash some may come again, in other pieces:
   * their offsets tell.
   *
   * @throws UnusableResourceException when no broker answers or the topics do not exist
   */
  public static EventReader ofUncommittedDeltas(HeteroSpecConfig config) {
    return new EventReader(config, READ_UNCOMMITTED, List.of(config.topics().deltas()));
  }

  private void start(List<String> names) {
    List<TopicPartition> partitions =
        names.stream()
            .flatMap(name -> partitions(name).stream())
            .map(info -> new TopicPartition(info.topic(), info.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    partitions.forEach(consumer::position); // seeking is lazy: fix the positions now
  }

  private List<PartitionInfo> partitions(String topic) {
    List<PartitionInfo> partitions = consumer.partitionsFor(topic, LOOKUP_LIMIT);
    if (partitions == null || partitions.isEmpty()) {
      throw new UnusableResourceException(
          "topic " + topic + " does not exist; is the application running on this cluster?", null);
    }
    return partitions;
  }

  /**
   * Reads completions, committed.
   *
   * @throws UnusableResourceException when no broker answers or the topics do not exist
   */
  public static EventReader ofCompletions(HeteroSpecConfig config) {
    return new EventReader(config, READ_COMMITTED, List.of(config.topics().completions()));
  }

  /**
   * Waits for records and hands them over: per poll deltas and telemetry before completions.
   *
   * @throws RegistryUnavailableException when no registry answers; the next call reads the same
   *     records again
   */
  public void poll(Duration timeout, Handler handler) {
    ConsumerRecords<String, byte[]> records = consumer.poll(timeout);
    try {
      each(records, topics.deltas(), deltas, handler::onDelta, handler);
      each(records, topics.telemetry(), telemetry, handler::onTelemetry, handler);
      each(records, topics.completions(), completions, handler::onCompletion, handler);
    } catch (RegistryUnavailableException e) {
      records.partitions().forEach(at -> consumer.seek(at, records.records(at).get(0).offset()));
      throw e;
    }
  }

  private static <T> void each(
      ConsumerRecords<String, byte[]> records,
      String topic,
      Deserializer<T> values,
      java.util.function.Consumer<T> use,
      Handler handler) {
    for (ConsumerRecord<String, byte[]> record : records.records(topic)) {
      T value;
      try {
        value = values.deserialize(topic, record.value());
      } catch (RegistryUnavailableException e) {
        throw e;
      } catch (SerializationException e) {
        handler.onUnreadable(topic, record.partition(), record.offset(), e);
        continue;
      }
      use.accept(value);
    }
  }

  @Override
  public void close() {
    consumer.close();
    deltas.close();
    telemetry.close();
    completions.close();
  }
}
