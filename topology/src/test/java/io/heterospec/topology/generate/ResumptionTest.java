package io.heterospec.topology.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordOrigin;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.Sampling;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.topology.route.RecordLimit;
import io.heterospec.topology.session.SessionOverflow;
import io.heterospec.topology.session.Stores;
import io.heterospec.topology.telemetry.GenerationMetrics;
import io.heterospec.topology.telemetry.RequestTraces;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.StoreBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A task's processor dies, and another takes over with the same stores. */
class ResumptionTest {
  private static final GenerateSettings SETTINGS =
      new GenerateSettings(
          Duration.ofMillis(10),
          100,
          Duration.ofMillis(50),
          3,
          Duration.ofMillis(50),
          Duration.ofHours(1),
          SessionOverflow.REJECT,
          Duration.ofHours(1),
          new RecordLimit(1 << 20));
  private static final Output.Children CHILDREN =
      new Output.Children("deltas", "completions", "telemetry");

  @TempDir Path directory;
  private final FakeEngine engine = new FakeEngine();
  private final Handover handover = new Handover();
  private MockProcessorContext<String, SpecificRecord> context;
  private GenerateProcessor processor;

  @BeforeEach
  void start() {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    context = new MockProcessorContext<>(properties, new TaskId(0, 0), directory.toFile());
    for (StoreBuilder<?> builder : Stores.builders(true)) {
      StateStore store = builder.withLoggingDisabled().build();
      store.init(context.getStateStoreContext(), store);
    }
    takeOver();
  }

  @AfterEach
  void stop() {
    for (StoreBuilder<?> builder : Stores.builders(true)) {
      ((StateStore) context.getStateStore(builder.name())).close();
    }
    engine.close();
  }

  private void takeOver() {
    context.scheduledPunctuators().clear();
    processor =
        new GenerateProcessor(
            engine,
            SETTINGS,
            CHILDREN,
            new GenerationMetrics(OpenTelemetry.noop(), null),
            RequestTraces.none(),
            handover);
    processor.init(context);
    context.setCurrentSystemTimeMs(1_000);
  }

  private void tick() {
    context.setCurrentSystemTimeMs(context.currentSystemTimeMs() + 60);
    int last = context.scheduledPunctuators().size() - 2; // the drain comes before the expiry
    context.scheduledPunctuators().get(last).getPunctuator().punctuate(0);
  }

  private void send(String id, String session, long offset) {
    send(prompt(id).setSessionId(session).build(), offset);
  }

  private static PromptEvent.Builder prompt(String id) {
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setMessages(List.of(new ChatMessage("user", "hello")))
        .setSampling(Sampling.newBuilder().setSeed(5).setMaxTokens(9).build());
  }

  private void send(PromptEvent prompt, long offset) {
    context.setRecordMetadata("heterospec.requests.default", 0, offset);
    processor.process(
        new Record<>(
            prompt.getRequestId(),
            RoutedRequest.newBuilder()
                .setPrompt(prompt)
                .setModel("demo")
                .setPool("default")
                .setOrigin(new RecordOrigin("prompts", 0, offset, Instant.EPOCH))
                .build(),
            0));
  }

  private <T> List<T> forwarded(Class<T> type) {
    return context.forwarded().stream()
        .map(captured -> captured.record().value())
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  @Test
  void theNextOwnerContinuesFromCommittedTokensWithTheSameSeed() {
    send("r1", null, 0);
    engine.of("r1").step(1, 2);
    engine.of("r1").step(3);
    tick();
    GenerationRequest first = engine.submitted.get(0);
    engine.of("r1").step(99); // never drained: lost with its owner
    processor.close();
    assertThat(engine.abandoned).containsExactly(first.id());

    takeOver();
    tick();
    GenerationRequest resumed = engine.submitted.get(1);
    assertThat(resumed.id()).startsWith("r1@").isNotEqualTo(first.id());
    assertThat(resumed.committedIds()).containsExactly(1, 2, 3);
    assertThat(resumed.promptIds()).isEqualTo(first.promptIds());
    assertThat(resumed.sampling().seed()).isEqualTo(5);
    engine.of("r1").step(4, 5);
    engine.finish("r1", FinishReason.STOP);
    tick();
    assertThat(forwarded(GenerationDelta.class))
        .extracting(GenerationDelta::getTokenOffset)
        .containsExactly(0, 3);
    assertThat(forwarded(StepTelemetry.class))
        .extracting(StepTelemetry::getCycle)
        .containsExactly(0, 1, 2);
    List<Completion> completions = forwarded(Completion.class);
    assertThat(completions).hasSize(1);
    assertThat(completions.get(0).getText()).isEqualTo("bcdef");
    assertThat(completions.get(0).getSpeculation().getTargetCalls()).isEqualTo(3);
  }

  @Test
  void aSessionsTurnsKeepTheirOrderAcrossOwners() {
    send("z-first", "s", 0);
    send("a-second", "s", 1);
    processor.close();
    takeOver();
    tick();
    assertThat(engine.submittedIds()).containsExactly("z-first", "z-first");
    engine.finish("z-first", FinishReason.LENGTH);
    tick();
    assertThat(engine.submittedIds()).containsExactly("z-first", "z-first", "a-second");
  }

  @Test
  void whatWaitsKeepsItsPriorityAndItsDeadlineAcrossOwners() {
    engine.capacity = 0;
    send(prompt("usual").build(), 0);
    send(prompt("urgent").setPriority(1).build(), 1);
    send(prompt("late").setDeadline(Instant.ofEpochMilli(1_050)).build(), 2);
    processor.close();
    takeOver();
    engine.capacity = 2;
    tick();
    assertThat(engine.submittedIds()).containsExactly("urgent", "usual");
    assertThat(forwarded(Completion.class))
        .extracting(Completion::getRequestId, end -> end.getFinishReason().name())
        .containsExactly(tuple("late", "CANCELLED"));
  }

  @Test
  void anOverdueGenerationThatHasPublishedTextIsTheEnginesToEndWithIt() {
    send(prompt("r1").setDeadline(Instant.ofEpochMilli(1_050)).build(), 0);
    engine.of("r1").step(1, 2);
    tick();
    processor.close();
    takeOver();
    tick();
    assertThat(forwarded(Completion.class)).isEmpty();
    assertThat(engine.submitted.get(1).committedIds()).containsExactly(1, 2);
    engine.finish("r1", FinishReason.CANCELLED);
    tick();
    assertThat(forwarded(Completion.class)).extracting(Completion::getText).containsExactly("bc");
  }

  @Test
  void aCancellationThatTheEngineHadNotComeToHoldsForTheNextOwner() {
    send("r1", null, 0);
    engine.of("r1").step(1, 2);
    tick();
    processor.process(new Record<>("r1", CancelEvent.newBuilder().setRequestId("r1").build(), 0));
    processor.close();
    takeOver();
    tick();
    tick();
    assertThat(forwarded(Completion.class))
        .extracting(Completion::getFinishReason, Completion::getText)
        .containsExactly(tuple(io.heterospec.schemas.FinishReason.CANCELLED, "bc"));
  }

  @Test
  void aHandoverPublishesWhatTheEngineMadeAndTakesTheWorkBack() throws InterruptedException {
    send("r1", null, 0);
    engine.of("r1").step(1, 2);
    assertThat(handover.begin(Duration.ZERO)).isFalse(); // the task has not heard of it yet
    tick();
    assertThat(handover.begin(Duration.ZERO)).isTrue();
    assertThat(forwarded(GenerationDelta.class))
        .extracting(GenerationDelta::getTokenIds)
        .containsExactly(List.of(1, 2));
    assertThat(context.committed()).isTrue();
    assertThat(engine.abandoned).hasSize(1);
    send("r2", null, 1);
    tick();
    assertThat(engine.submittedIds()).containsExactly("r1");
  }

  @Test
  void aTaskThatClosesIsNotWaitedFor() throws InterruptedException {
    processor.close();
    assertThat(handover.begin(Duration.ZERO)).isTrue();
  }

  @Test
  void commitsAreAskedForOnlyAfterOutputAndAtABoundedRate() {
    tick();
    assertThat(context.committed()).isFalse();
    send("r1", null, 0);
    engine.of("r1").step(1);
    tick();
    assertThat(context.committed()).isTrue();
    context.resetCommit();
    engine.of("r1").step(2);
    context.setCurrentSystemTimeMs(context.currentSystemTimeMs() - 50);
    tick();
    assertThat(context.committed()).isFalse();
    tick();
    assertThat(context.committed()).isTrue();
  }
}
