package io.heterospec.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.schemas.RegistryUnavailableException;
import io.heterospec.schemas.Sampling;
import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.embedded.SchemaRegistryServer;
import io.heterospec.topology.embedded.UnusableResourceException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The application on a real broker and registry while things go wrong around it. */
class FaultToleranceTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final byte[] GARBAGE = "not avro".getBytes(StandardCharsets.UTF_8);
  private static final byte[] UNKNOWN_ID = {0, 0, 0, 39, 15, 2, 4};
  private static final byte[] UNKNOWN_WHILE_DOWN = {0, 0, 0, 39, 16, 2, 4};

  @TempDir Path directory;

  private static PromptEvent prompt(String id) {
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setText("hello")
        .setSampling(Sampling.newBuilder().setMaxTokens(4).build())
        .build();
  }

  @Test
  void unreadableRecordsAreKeptAsideAndAMissingRegistryOnlyDelays() throws Exception {
    try (TorchEngine engine =
            TorchEngine.open(
                EngineOptions.of(DemoPair.target(), null).withName("demo").withThreads(1));
        EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"), 0, Map.of())) {
      SchemaRegistryServer registry = SchemaRegistryServer.start(broker.bootstrapServers(), 0);
      int registryPort = URI.create(registry.url()).getPort();
      HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings(broker, registry));
      try (HeteroSpecApplication application =
              HeteroSpecApplication.create(config, engine, Set.of(Role.ROUTER, Role.PROCESSOR));
          Topics topics = new Topics(config)) {
        application.start();
        assertThat(application.awaitRunning(LIMIT)).isTrue();
        topics.send(GARBAGE);
        topics.send(UNKNOWN_ID);
        topics.send(topics.bytes(prompt("first")));
        topics.awaitCompletions("first");
        assertThat(topics.dead).containsExactlyInAnyOrder(GARBAGE, UNKNOWN_ID);

        byte[] second = topics.bytes(prompt("second"));
        registry.close();
        topics.send(UNKNOWN_WHILE_DOWN);
        topics.send(second);
        registry = SchemaRegistryServer.start(broker.bootstrapServers(), registryPort);
        topics.awaitCompletions("first", "second");
        // The router runs at least once: what it did before the outage it may have done again.
        assertThat(topics.dead).contains(GARBAGE, UNKNOWN_ID, UNKNOWN_WHILE_DOWN);
        assertThat(application.failure()).isEmpty();
      } finally {
        registry.close();
      }
    }
  }

  @Test
  void aDeadEngineEndsTheProcessAndAnotherGoesOnWithItsWork() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"), 0, Map.of());
        SchemaRegistryServer registry = SchemaRegistryServer.start(broker.bootstrapServers(), 0);
        MortalEngine dying = new MortalEngine();
        TorchEngine sound =
            TorchEngine.open(
                EngineOptions.of(DemoPair.target(), null).withName("demo").withThreads(1))) {
      HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings(broker, registry));
      Set<Role> roles = Set.of(Role.ROUTER, Role.PROCESSOR);
      try (Topics topics = new Topics(config)) {
        try (HeteroSpecApplication application =
            HeteroSpecApplication.create(config, dying, roles)) {
          application.start();
          topics.send(topics.bytes(prompt("cut")));
          Awaitility.await().atMost(LIMIT).until(() -> dying.load() == 1);
          assertThat(application.healthy()).isTrue();
          dying.die();
          application.awaitShutdown();
          assertThat(application.healthy()).isFalse();
          assertThat(application.failure())
              .hasValueSatisfying(cause -> assertThat(cause).hasMessage("the device is lost"));
        }
        try (HeteroSpecApplication application =
            HeteroSpecApplication.create(config, sound, roles)) {
          application.start();
          topics.awaitCompletions("cut");
          assertThat(topics.errors).containsExactly((String) null);
        }
      }
    }
  }

  @Test
  void aDeadLetterThatTheBrokerRefusesDoesNotStopTheRouter() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"), 0, Map.of());
        SchemaRegistryServer registry = SchemaRegistryServer.start(broker.bootstrapServers(), 0)) {
      HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings(broker, registry));
      try (Admin admin = Admin.create(config.clientSettings())) {
        NewTopic small = new NewTopic(config.topics().deadLetters(), 1, (short) 1);
        admin
            .createTopics(List.of(small.configs(Map.of("max.message.bytes", "65536"))))
            .all()
            .get();
      }
      try (HeteroSpecApplication application =
              HeteroSpecApplication.create(config, null, Set.of(Role.ROUTER));
          Topics topics = new Topics(config)) {
        application.start();
        PromptEvent large = prompt("large");
        large.setText("x".repeat(300_000));
        topics.send(topics.bytes(large));
        PromptEvent wrong = prompt("wrong");
        wrong.setMode("none");
        topics.send(topics.bytes(wrong));
        topics.awaitCompletions("large", "wrong");
        topics.awaitDeadLetters(topics.bytes(wrong));
        assertThat(application.failure()).isEmpty();
      }
    }
  }

  @Test
  void anEndOfKafkaStreamsThatNoThreadSurvivesIsAFailure() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"), 0, Map.of());
        SchemaRegistryServer registry = SchemaRegistryServer.start(broker.bootstrapServers(), 0)) {
      HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings(broker, registry));
      try (HeteroSpecApplication application =
              HeteroSpecApplication.create(config, null, Set.of(Role.GATEWAY));
          Topics topics = new Topics(config)) {
        application.start();
        assertThat(application.awaitRunning(LIMIT)).isTrue();
        registry.close();
        topics.send(config.topics().responses(), UNKNOWN_WHILE_DOWN); // read by a global thread
        application.awaitShutdown();
        assertThat(application.failure())
            .hasValueSatisfying(
                cause ->
                    assertThat(cause)
                        .hasMessageContaining("gateway")
                        .hasCauseInstanceOf(RegistryUnavailableException.class));
      }
    }
  }

  private Map<String, Object> settings(EmbeddedBroker broker, SchemaRegistryServer registry) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put(RegistryConfig.URL, registry.url());
    settings.put(RegistryConfig.MAX_RETRIES, "1");
    settings.put(HeteroSpecConfig.STATE_DIR, directory.resolve("state").toString());
    settings.put(HeteroSpecConfig.PARTITIONS, "1");
    settings.put(HeteroSpecConfig.REPLICATION, "1");
    return settings;
  }

  /** What a user of the topics sees. */
  private static final class Topics implements AutoCloseable {
    private final HeteroSpecConfig config;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Deserializer<Completion> completion;
    final List<String> completed = new ArrayList<>();
    final List<String> errors = new ArrayList<>(); // of the completions, null without one
    final List<byte[]> dead = new ArrayList<>();

    Topics(HeteroSpecConfig config) {
      this.config = config;
      Map<String, Object> clients = new HashMap<>(config.clientSettings());
      producer = new KafkaProducer<>(clients, new ByteArraySerializer(), new ByteArraySerializer());
      clients.put("group.id", "test");
      clients.put("auto.offset.reset", "earliest");
      clients.put("isolation.level", "read_committed");
      consumer =
          new KafkaConsumer<>(clients, new ByteArrayDeserializer(), new ByteArrayDeserializer());
      consumer.subscribe(List.of(config.topics().completions(), config.topics().deadLetters()));
      completion = new Avro(config.clientSettings()).deserializer(Completion.class);
    }

    byte[] bytes(PromptEvent prompt) {
      return new Avro(config.clientSettings())
          .serializer(PromptEvent.class)
          .serialize(config.topics().prompts(), prompt);
    }

    void send(byte[] value) throws Exception {
      send(config.topics().prompts(), value);
    }

    void send(String topic, byte[] value) throws Exception {
      producer.send(new ProducerRecord<>(topic, new byte[] {'k'}, value)).get();
    }

    void awaitCompletions(String... ids) {
      await(() -> assertThat(completed).containsExactly(ids));
    }

    void awaitDeadLetters(byte[]... letters) {
      await(() -> assertThat(dead).containsExactly(letters));
    }

    private void await(Runnable condition) {
      Awaitility.await()
          .atMost(LIMIT)
          .untilAsserted(
              () -> {
                read();
                condition.run();
              });
    }

    private void read() {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
        if (record.topic().equals(config.topics().deadLetters())) {
          dead.add(record.value());
        } else {
          Completion end = completion.deserialize(record.topic(), record.value());
          completed.add(end.getRequestId());
          errors.add(end.getError() == null ? null : end.getError().getCode());
        }
      }
    }

    @Override
    public void close() {
      producer.close();
      consumer.close();
    }
  }

  @Test
  void aBrokerThatIsDownAtTheStartIsNamed() {
    HeteroSpecConfig config =
        HeteroSpecConfig.fromMap(
            Map.of("bootstrap.servers", "127.0.0.1:1", RegistryConfig.URL, "http://127.0.0.1:1"));
    assertThatThrownBy(() -> HeteroSpecApplication.create(config, null, Set.of(Role.ROUTER)))
        .isInstanceOf(UnusableResourceException.class)
        .hasMessageContaining("127.0.0.1:1")
        .hasMessageContaining("bootstrap.servers");
  }
}
