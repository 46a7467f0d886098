package io.heterospec.topology.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.StandInApplication;
import io.heterospec.topology.TopicCreator;
import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.embedded.SchemaRegistryServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client on a broker, with the test in the application's place. */
class HeteroSpecClientTest {
  private static final long LIMIT_SECONDS = 20;

  @TempDir static Path directory;

  private static EmbeddedBroker broker;
  private static SchemaRegistryServer registry;
  private static Map<String, Object> settings;
  private static Topics topics;
  private static StandInApplication application;

  private final HeteroSpecClient client = HeteroSpecClient.openWithTelemetry(settings);
  private final List<String> pieces = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0, Map.of("message.max.bytes", "2000000"));
    registry = SchemaRegistryServer.start(broker.bootstrapServers(), 0);
    settings =
        Map.of(
            "bootstrap.servers",
            broker.bootstrapServers(),
            RegistryConfig.URL,
            registry.url(),
            HeteroSpecConfig.PARTITIONS,
            "1",
            HeteroSpecConfig.REPLICATION,
            "1");
    HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings);
    TopicCreator.ensure(config);
    topics = config.topics();
    application = new StandInApplication(config);
  }

  @AfterAll
  static void stop() {
    application.close();
    registry.close();
    broker.close();
  }

  @AfterEach
  void close() {
    client.close();
  }

  private static void delta(String id, int offset, String text) {
    application.write(
        topics.deltas(),
        GenerationDelta.class,
        GenerationDelta.newBuilder()
            .setRequestId(id)
            .setTokenOffset(offset)
            .setTokenIds(List.of(7))
            .setText(text)
            .build());
  }

  private static Completion.Builder completion(String id, String text) {
    return Completion.newBuilder()
        .setRequestId(id)
        .setText(text)
        .setFinishReason(FinishReason.STOP);
  }

  private static void end(Completion.Builder completion) {
    application.write(topics.completions(), Completion.class, completion.build());
  }

  private static Completion get(CompletableFuture<Completion> future) {
    return future.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
  }

  private static Throwable failure(Answer answer) {
    Throwable thrown = catchThrowable(() -> get(answer.completion()));
    assertThat(thrown).isInstanceOf(CompletionException.class);
    return thrown.getCause();
  }

  private static List<ConsumerRecord<String, byte[]>> written(String topic, int count) {
    try (KafkaConsumer<String, byte[]> reader =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partition = List.of(new TopicPartition(topic, 0));
      reader.assign(partition);
      reader.seekToBeginning(partition);
      List<ConsumerRecord<String, byte[]>> found = new ArrayList<>();
      await()
          .atMost(Duration.ofSeconds(LIMIT_SECONDS))
          .pollInSameThread()
          .until(
              () -> {
                reader.poll(Duration.ofMillis(100)).forEach(found::add);
                return found.size() >= count;
              });
      return found;
    }
  }

  private Answer send(String text) {
    return client.send(HeteroSpecClient.prompt(text).build(), pieces::add);
  }

  @Test
  void aTextComesInPiecesAndEndsWithItsCompletion() {
    List<StepTelemetry> cycles = new CopyOnWriteArrayList<>();
    Answer answer =
        client.send(
            HeteroSpecClient.prompt("Hi").build(),
            new AnswerListener() {
              @Override
              public void onText(String text) {
                pieces.add(text);
              }

              @Override
              public void onCycle(StepTelemetry cycle) {
                cycles.add(cycle);
              }
            });
    String id = answer.requestId();
    delta("somebody-elses", 0, "not this");
    delta(id, 0, "Hel");
    delta(id, 1, "lo");
    application.write(
        topics.telemetry(),
        StepTelemetry.class,
        StepTelemetry.newBuilder()
            .setRequestId(id)
            .setCycle(0)
            .setTokenOffset(0)
            .setEmitted(2)
            .build());
    await().until(() -> String.join("", pieces).equals("Hello") && cycles.size() == 1);
    end(completion(id, "Hello there"));
    assertThat(get(answer.completion()).getText()).isEqualTo("Hello there");
    assertThat(String.join("", pieces)).isEqualTo("Hello there");
  }

  @Test
  void aRefusedRequestFailsWithTheCodeOfItsError() {
    Answer answer = send("Hi");
    end(
        completion(answer.requestId(), "")
            .setFinishReason(FinishReason.FAILED)
            .setError(new CompletionError("UNKNOWN_MODEL", "there is no such model")));
    assertThat(failure(answer))
        .isInstanceOfSatisfying(
            GenerationFailedException.class,
            failed ->
                assertThat(failed.completion().getError().getCode()).isEqualTo("UNKNOWN_MODEL"))
        .hasMessage("UNKNOWN_MODEL: there is no such model");
  }

  @Test
  void aRequestCancelledWhereNobodyHadItsTextEndsWithWhatWasRead() {
    Answer answer = send("Hi");
    delta(answer.requestId(), 0, "Hel");
    await().until(() -> String.join("", pieces).equals("Hel"));
    end(completion(answer.requestId(), "").setFinishReason(FinishReason.CANCELLED));
    assertThat(get(answer.completion()).getFinishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(String.join("", pieces)).isEqualTo("Hel");
  }

  @Test
  void aListenerThatThrowsLosesItsAnswerAndNobodyElses() {
    Answer bad =
        client.send(
            HeteroSpecClient.prompt("Hi").setSessionId("bad").build(),
            text -> {
              throw new IllegalArgumentException("cannot take " + text);
            });
    Answer good = send("Hi");
    delta(bad.requestId(), 0, "x");
    end(completion(good.requestId(), "fine"));
    assertThat(get(good.completion()).getText()).isEqualTo("fine");
    assertThat(failure(bad)).hasMessage("cannot take x");
    assertThat(written(topics.cancellations(), 1))
        .anySatisfy(
            record -> {
              CancelEvent cancel =
                  application
                      .avro()
                      .deserializer(CancelEvent.class)
                      .deserialize(topics.cancellations(), record.value());
              assertThat(cancel.getRequestId()).isEqualTo(bad.requestId());
              assertThat(record.key()).isEqualTo("bad");
            });
  }

  @Test
  void aRecordThatNobodyCanReadIsSkipped() {
    Answer answer = send("Hi");
    application.write(topics.deltas(), new byte[] {9, 9});
    delta(answer.requestId(), 0, "Hello");
    end(completion(answer.requestId(), "Hello"));
    assertThat(get(answer.completion()).getText()).isEqualTo("Hello");
  }

  @Test
  void turnsAreKeyedByTheirSessionAndHeadersAreHandedOn() {
    Answer turn = client.session("alice").stream("Hi", pieces::add);
    PromptEvent traced = HeteroSpecClient.prompt("Hi").build();
    client.send(traced, Map.of("traceparent", "00-a-b-01"), pieces::add);
    assertThat(written(topics.prompts(), 2))
        .anySatisfy(
            record -> {
              assertThat(record.key()).isEqualTo("alice");
              assertThat(prompt(record).getRequestId()).isEqualTo(turn.requestId());
              assertThat(prompt(record).getSessionId()).isEqualTo("alice");
            })
        .anySatisfy(
            record -> {
              assertThat(record.key()).isEqualTo(traced.getRequestId());
              assertThat(
                      new String(
                          record.headers().lastHeader("traceparent").value(),
                          StandardCharsets.UTF_8))
                  .isEqualTo("00-a-b-01");
            });
  }

  private static PromptEvent prompt(ConsumerRecord<String, byte[]> record) {
    return application
        .avro()
        .deserializer(PromptEvent.class)
        .deserialize(topics.prompts(), record.value());
  }

  private static void publish(int promptBytes, int maxRecordBytes) throws InterruptedException {
    Map<String, Object> limited = new HashMap<>(settings);
    limited.put(HeteroSpecConfig.MAX_RECORD_BYTES, Integer.toString(maxRecordBytes));
    limited.put(HeteroSpecConfig.TOPIC_PREFIX, "large.");
    HeteroSpecConfig config = HeteroSpecConfig.fromMap(limited);
    TopicCreator.ensure(config);
    try (PromptPublisher publisher = new PromptPublisher(config)) {
      publisher.publish(HeteroSpecClient.prompt("x".repeat(promptBytes)).build());
    }
  }

  @Test
  void aPromptMayBeAsLargeAsARecordAndNoLarger() throws InterruptedException {
    publish(1_500_000, 2_000_000);
    assertThatThrownBy(() -> publish(100_000, 1 << 16))
        .rootCause()
        .isInstanceOf(RecordTooLargeException.class);
    assertThatThrownBy(() -> publish(100_000, 1 << 16))
        .cause()
        .hasMessageContaining(HeteroSpecConfig.MAX_RECORD_BYTES + " allows 65536 bytes");
  }

  @Test
  void theClientMayBeClosedByWhatAnAnswerStarts() {
    Answer answer = send("Hi");
    CompletableFuture<Void> closed = answer.completion().thenRun(client::close);
    end(completion(answer.requestId(), "fine"));
    closed.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
    assertThatThrownBy(() -> send("again")).hasMessageContaining("has ended");
  }

  @Test
  void anIdIsOpenOnceAndClosingFailsWhatIsOpen() {
    PromptEvent prompt = HeteroSpecClient.prompt("Hi").build();
    Answer answer = client.send(prompt, pieces::add);
    assertThatThrownBy(() -> client.send(prompt, pieces::add))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(prompt.getRequestId() + " is open already");
    client.close();
    assertThat(failure(answer)).hasMessageContaining("was closed");
    assertThatThrownBy(() -> send("again")).hasMessageContaining("has ended");
  }
}
