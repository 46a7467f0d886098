package io.heterospec.topology.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.schemas.AvroBinarySerde;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.ResponseState;
import io.heterospec.schemas.ResponseStatus;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.MockProcessorContext.CapturedForward;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResponseTrackerTest {
  private static final String ID = ResponseIds.of("alice", "key");

  @TempDir File directory;

  private MockProcessorContext<String, ResponseState> context;
  private ResponseTracker tracker;

  @BeforeEach
  void start() {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    context = new MockProcessorContext<>(settings, new TaskId(0, 0), directory);
    context.setCurrentSystemTimeMs(1_000);
    KeyValueStore<String, ResponseState> store =
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(ResponseStores.TRACKED),
                Serdes.String(),
                new AvroBinarySerde<>(ResponseState.class))
            .withLoggingDisabled()
            .build();
    store.init(context.getStateStoreContext(), store);
    tracker = new ResponseTracker(Duration.ofHours(1), "demo");
    tracker.init(context);
  }

  private void send(SpecificRecord value) {
    RecordHeaders headers = new RecordHeaders();
    ResponseTracker.headers("alice", "hash")
        .forEach((name, text) -> headers.add(name, text.getBytes(StandardCharsets.UTF_8)));
    tracker.process(new Record<>("session", value, 0, headers));
  }

  private static PromptEvent prompt() {
    return PromptEvent.newBuilder()
        .setRequestId(ID)
        .setSessionId("session")
        .setText("hello")
        .setCreatedAt(Instant.ofEpochMilli(7))
        .build();
  }

  private static GenerationDelta delta() {
    return GenerationDelta.newBuilder().setRequestId(ID).setTokenOffset(0).build();
  }

  private static Completion completion(FinishReason reason) {
    return Completion.newBuilder()
        .setRequestId(ID)
        .setText("world")
        .setTokenIds(List.of(1, 2))
        .setFinishReason(reason)
        .build();
  }

  private List<ResponseState> states() {
    return context.forwarded().stream()
        .map(CapturedForward::record)
        .map(r -> (ResponseState) r.value())
        .toList();
  }

  private List<ResponseStatus> statuses() {
    return states().stream().map(ResponseState::getStatus).toList();
  }

  @Test
  void aResponseGoesFromQueuedThroughInProgressToItsEnd() {
    send(prompt());
    send(delta());
    send(delta());
    send(completion(FinishReason.STOP));
    assertThat(statuses())
        .containsExactly(
            ResponseStatus.QUEUED, ResponseStatus.IN_PROGRESS, ResponseStatus.COMPLETED);
    ResponseState last = states().get(2);
    assertThat(last.getOwner()).isEqualTo("alice");
    assertThat(last.getRequestHash()).isEqualTo("hash");
    assertThat(last.getModel()).isEqualTo("demo");
    assertThat(last.getSessionId()).isEqualTo("session");
    assertThat(last.getCreatedAt()).isEqualTo(Instant.ofEpochMilli(7));
    assertThat(last.getCompletion().getText()).isEqualTo("world");
    assertThat(last.getCompletion().getTokenIds()).isEmpty();
  }

  @Test
  void failureAndCancellationAreEndsOfTheirOwn() {
    send(prompt());
    send(completion(FinishReason.FAILED));
    assertThat(statuses()).endsWith(ResponseStatus.FAILED);
    start();
    send(prompt());
    send(completion(FinishReason.CANCELLED));
    assertThat(statuses()).endsWith(ResponseStatus.CANCELLED);
  }

  @Test
  void recordsThatComeAgainOrLateChangeNothing() {
    send(prompt());
    send(completion(FinishReason.STOP));
    send(delta());
    send(prompt());
    send(completion(FinishReason.FAILED));
    assertThat(statuses()).containsExactly(ResponseStatus.QUEUED, ResponseStatus.COMPLETED);
  }

  @Test
  void aCompletionAheadOfItsPromptWaitsForIt() {
    send(completion(FinishReason.STOP));
    assertThat(states()).isEmpty();
    send(prompt());
    assertThat(statuses()).containsExactly(ResponseStatus.COMPLETED);
  }

  @Test
  void otherRequestsAreNotTracked() {
    tracker.process(new Record<>("session", prompt(), 0)); // without the headers of a gateway
    send(PromptEvent.newBuilder(prompt()).setRequestId("other").build());
    send(GenerationDelta.newBuilder(delta()).setRequestId("other").build());
    send(Completion.newBuilder(completion(FinishReason.STOP)).setRequestId("other").build());
    assertThat(states()).isEmpty();
  }

  @Test
  void aResponseIsForgottenSomeTimeAfterItsLastChange() {
    send(prompt());
    context.resetForwards();
    var expiry = context.scheduledPunctuators().get(0).getPunctuator();
    expiry.punctuate(Duration.ofMinutes(59).toMillis());
    assertThat(context.forwarded()).isEmpty();
    expiry.punctuate(Duration.ofMinutes(61).toMillis());
    assertThat(context.forwarded()).hasSize(1);
    assertThat(context.forwarded().get(0).record().key()).isEqualTo(ID);
    assertThat(states()).containsExactly((ResponseState) null);
  }
}
