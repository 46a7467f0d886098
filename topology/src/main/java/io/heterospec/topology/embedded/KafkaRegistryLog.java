package io.heterospec.topology.embedded;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.topology.embedded.RegistryEntry.Level;
import io.heterospec.topology.embedded.RegistryEntry.Version;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The registry's entries in a compacted topic of one partition. Made for one registry at a time:
 * two of them would give out the same ids.
 */
final class KafkaRegistryLog implements RegistryLog {

  /** The topic that holds the entries. */
  static final String TOPIC = "_heterospec_schemas";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int WRITE_LIMIT_MS = 10_000;

  private final String bootstrapServers;
  private final KafkaProducer<String, String> producer;

  private KafkaRegistryLog(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
    this.producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "acks",
                "all",
                "linger.ms",
                0,
                "max.block.ms",
                WRITE_LIMIT_MS,
                "request.timeout.ms",
                WRITE_LIMIT_MS / 2,
                "delivery.timeout.ms",
                WRITE_LIMIT_MS),
            new StringSerializer(),
            new StringSerializer());
  }

  /**
   * Opens the topic and creates it where it is missing.
   *
   * @throws IllegalStateException when the broker does not answer
   */
  static KafkaRegistryLog open(String bootstrapServers) {
    createTopic(bootstrapServers);
    return new KafkaRegistryLog(bootstrapServers);
  }

  @Override
  public void append(RegistryEntry entry) throws ExecutionException, InterruptedException {
    producer.send(new ProducerRecord<>(TOPIC, key(entry), value(entry))).get();
  }

  @Override
  public RegistryState load() {
    TopicPartition partition = new TopicPartition(TOPIC, 0);
    RegistryState state = new RegistryState();
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrapServers, "auto.offset.reset", "earliest"),
            new StringDeserializer(),
            new StringDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition), LIMIT).get(partition);
      long deadline = System.nanoTime() + LIMIT.toNanos();
      while (consumer.position(partition, LIMIT) < end) {
        if (System.nanoTime() > deadline) {
          throw unreadable(null);
        }
        for (ConsumerRecord<String, String> stored : consumer.poll(Duration.ofMillis(200))) {
          state.apply(parse(stored.value()));
        }
      }
    }
    return state;
  }

  @Override
  public void close() {
    producer.close(Duration.ofMillis(WRITE_LIMIT_MS));
  }

  private static void createTopic(String bootstrapServers) {
    NewTopic topic =
        new NewTopic(TOPIC, Optional.of(1), Optional.empty())
            .configs(Map.of("cleanup.policy", "compact"));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
      admin.createTopics(List.of(topic)).all().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw unreachable(bootstrapServers, e);
      }
    } catch (TimeoutException e) {
      throw unreachable(bootstrapServers, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable(bootstrapServers, e);
    }
  }

  private static String key(RegistryEntry entry) {
    ObjectNode key = JSON.createObjectNode();
    if (entry instanceof Version version) {
      key.put("keytype", "SCHEMA")
          .put("subject", version.subject())
          .put("version", version.version());
    } else if (entry instanceof Level level) {
      key.put("keytype", "CONFIG").put("subject", level.subject());
    }
    return key.toString();
  }

  private static String value(RegistryEntry entry) {
    ObjectNode value = JSON.createObjectNode();
    if (entry instanceof Version version) {
      value
          .put("subject", version.subject())
          .put("version", version.version())
          .put("id", version.id())
          .put("schema", version.schema());
    } else if (entry instanceof Level level) {
      value.put("subject", level.subject()).put("compatibilityLevel", level.level().name());
    }
    return value.toString();
  }

  private static RegistryEntry parse(String value) {
    try {
      JsonNode entry = JSON.readTree(value);
      String subject = entry.path("subject").asText();
      return entry.has("compatibilityLevel")
          ? new Level(subject, CompatibilityLevel.valueOf(entry.get("compatibilityLevel").asText()))
          : new Version(
              subject,
              entry.get("version").asInt(),
              entry.get("id").asInt(),
              entry.get("schema").asText());
    } catch (JsonProcessingException | RuntimeException e) {
      throw unreadable(e);
    }
  }

  private static IllegalStateException unreadable(Exception cause) {
    return new IllegalStateException(
        "The topic %s cannot be read; it must hold only what this registry wrote".formatted(TOPIC),
        cause);
  }

  private static IllegalStateException unreachable(String bootstrapServers, Exception cause) {
    return new IllegalStateException(
        "The registry cannot create its topic at %s; check that the broker is up"
            .formatted(bootstrapServers),
        cause);
  }
}
