package io.heterospec.topology.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordOrigin;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.Sampling;
import io.heterospec.schemas.SessionPage;
import io.heterospec.topology.Avro;
import io.heterospec.topology.DemoPair;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.HeteroSpecTopology;
import io.heterospec.topology.PlainAvro;
import io.heterospec.topology.session.Stores;
import io.heterospec.topology.telemetry.GenerationMetrics;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache of a session on its ways: device, local store, another instance, computed again. */
class SessionCacheTest {
  private static final Duration TICK = Duration.ofMillis(10);
  private static final String SESSION = "s";
  private static final String STORY =
      "Tell me about the harbour, the ships and the weather, and what the captain did. ".repeat(8);

  @TempDir Path directory;
  private final List<Instance> instances = new ArrayList<>();
  private Instance instance;

  @BeforeEach
  void start() {
    instance = open();
  }

  @AfterEach
  void stop() {
    instances.forEach(Instance::close);
  }

  private Instance open() {
    Instance opened = new Instance(directory.resolve("state-" + instances.size()));
    instances.add(opened);
    return opened;
  }

  @Test
  void theSecondTurnFindsTheFirstOnTheDevice() {
    Completion first = instance.turn("one", STORY);
    Completion second = instance.turn("two", "And then?");

    int firstTokens = first.getUsage().getPromptTokens() + first.getUsage().getCompletionTokens();
    assertThat(first.getUsage().getCachedTokens()).isZero();
    assertThat(second.getUsage().getCachedTokens()).isEqualTo(firstTokens - 1);
    assertThat(second.getUsage().getPromptTokens()).isGreaterThan(firstTokens);
  }

  @Test
  void everyPathGivesTheSameAnswerWithTheSameAcceptance() {
    instance.turn("one", STORY);
    instance.awaitPages();
    Instance other = open();
    Instance rebuilt = open();
    instance.copyTo(other, Stores.SESSIONS);
    instance.copyTo(other, Stores.SESSION_KV);
    instance.copyTo(rebuilt, Stores.SESSIONS);

    Completion device = instance.turn("two", "And then?");
    Completion moved = other.turn("two", "And then?");
    Completion computed = rebuilt.turn("two", "And then?");

    assertThat(moved.getUsage().getCachedTokens()).isEqualTo(device.getUsage().getCachedTokens());
    assertThat(computed.getUsage().getCachedTokens()).isZero();
    for (Completion each : List.of(moved, computed)) {
      assertThat(each.getTokenIds()).isEqualTo(device.getTokenIds());
      assertThat(each.getSpeculation().getMeanAcceptanceLength())
          .isEqualTo(device.getSpeculation().getMeanAcceptanceLength());
    }
  }

  @Test
  void aSessionThatLeftTheDeviceComesBackFromTheStore() {
    Completion first = instance.turn("one", STORY);
    instance.awaitPages();
    instance.engine.forget(SESSION);
    Completion second = instance.turn("two", "And then?");

    assertThat(second.getUsage().getCachedTokens())
        .isEqualTo(first.getUsage().getPromptTokens() + first.getUsage().getCompletionTokens() - 1);
  }

  @Test
  void aDamagedPageIsNeverUsed() {
    instance.turn("one", STORY);
    instance.awaitPages();
    instance.engine.forget(SESSION);
    KeyValueStore<String, SessionPage> pages = instance.store(Stores.SESSION_KV);
    List<KeyValue<String, SessionPage>> all = entries(pages);
    KeyValue<String, SessionPage> damaged = all.get(1);
    ByteBuffer values = damaged.value.getTarget().duplicate();
    values.put(7, (byte) (values.get(7) ^ 64));
    pages.put(damaged.key, damaged.value);
    Completion second = instance.turn("two", "And then?");

    assertThat(second.getUsage().getCachedTokens()).isEqualTo(damaged.value.getFirstRow());
  }

  @Test
  void anIdleSessionLeavesEveryTier() {
    instance.turn("one", STORY);
    instance.awaitPages();
    assertThat(instance.engine.sessions()).containsKey(SESSION);
    instance.driver.advanceWallClockTime(Duration.ofDays(2));

    assertThat(entries(instance.store(Stores.SESSIONS))).isEmpty();
    assertThat(entries(instance.store(Stores.SESSION_KV))).isEmpty();
    Awaitility.await().until(() -> instance.engine.sessions().isEmpty());
  }

  private static <V> List<KeyValue<String, V>> entries(KeyValueStore<String, V> store) {
    List<KeyValue<String, V>> entries = new ArrayList<>();
    try (KeyValueIterator<String, V> all = store.all()) {
      all.forEachRemaining(entries::add);
    }
    return entries;
  }

  /** A processor with an engine and stores of its own. */
  private static final class Instance implements AutoCloseable {
    private final TorchEngine engine =
        TorchEngine.open(
            EngineOptions.of(DemoPair.target(), DemoPair.draft())
                .withName("demo")
                .withMode("heterospec")
                .withDtype(Dtype.FP32)
                .withThreads(1));
    private final TopologyTestDriver driver;
    private final TestInputTopic<String, RoutedRequest> requests;
    private final TestOutputTopic<String, Completion> completions;

    Instance(Path state) {
      HeteroSpecConfig config = PlainAvro.config(state, Map.of());
      driver =
          new TopologyTestDriver(
              new HeteroSpecTopology(config)
                  .processor(engine, new GenerationMetrics(OpenTelemetry.noop(), engine)),
              config.processorProperties());
      Avro avro = new Avro(config.clientSettings());
      requests =
          driver.createInputTopic(
              config.topics().requests("default"),
              new StringSerializer(),
              avro.serializer(RoutedRequest.class));
      completions =
          driver.createOutputTopic(
              config.topics().completions(),
              new StringDeserializer(),
              avro.deserializer(Completion.class));
    }

    Completion turn(String id, String text) {
      PromptEvent prompt =
          PromptEvent.newBuilder()
              .setRequestId(id)
              .setSessionId(SESSION)
              .setMessages(List.of(new ChatMessage("user", text)))
              .setSampling(Sampling.newBuilder().setMaxTokens(30).setIgnoreEos(true).build())
              .build();
      requests.pipeInput(
          SESSION,
          RoutedRequest.newBuilder()
              .setPrompt(prompt)
              .setModel("demo")
              .setPool("default")
              .setOrigin(new RecordOrigin("prompts", 0, 0L, Instant.EPOCH))
              .build());
      Awaitility.await().until(() -> tick() && !completions.isEmpty());
      return completions.readValue();
    }

    // Until the pages hold every token but the last, whose row nobody computed.
    void awaitPages() {
      Awaitility.await()
          .until(
              () -> {
                tick();
                int rows =
                    SessionCacheTest.<SessionPage>entries(store(Stores.SESSION_KV)).stream()
                        .mapToInt(page -> page.value.getTokenIds().size() - 1)
                        .sum();
                return rows > 0 && rows == engine.sessions().get(SESSION);
              });
    }

    private boolean tick() {
      driver.advanceWallClockTime(TICK);
      return true;
    }

    <V> KeyValueStore<String, V> store(String name) {
      return driver.getKeyValueStore(name);
    }

    void copyTo(Instance other, String name) {
      KeyValueStore<String, Object> mine = store(name);
      KeyValueStore<String, Object> theirs = other.store(name);
      entries(mine).forEach(entry -> theirs.put(entry.key, entry.value));
    }

    @Override
    public void close() {
      driver.close();
      engine.close();
    }
  }
}
