package io.heterospec.topology.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.kv.KvPage;
import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordOrigin;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.Sampling;
import io.heterospec.schemas.SessionState;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.Avro;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.HeteroSpecTopology;
import io.heterospec.topology.PlainAvro;
import io.heterospec.topology.session.Stores;
import io.heterospec.topology.telemetry.GenerationMetrics;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateProcessorTest {
  private static final Duration TICK = Duration.ofMillis(10);
  private static final int BACKLOG = 2_000;
  private static final int WORK_BUDGET = 512;
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final int RECORD_BYTES = 64 << 10;

  @TempDir Path directory;
  private final FakeEngine engine = new FakeEngine();
  private TopologyTestDriver driver;
  private TestInputTopic<String, RoutedRequest> requests;
  private TestInputTopic<String, CancelEvent> cancellations;
  private TestOutputTopic<String, GenerationDelta> deltas;
  private TestOutputTopic<String, Completion> completions;
  private TestOutputTopic<String, StepTelemetry> telemetry;

  @BeforeEach
  void start() {
    HeteroSpecConfig config =
        PlainAvro.config(
            directory, Map.of(HeteroSpecConfig.MAX_RECORD_BYTES, Integer.toString(RECORD_BYTES)));
    driver =
        new TopologyTestDriver(
            new HeteroSpecTopology(config)
                .processor(engine, new GenerationMetrics(OpenTelemetry.noop(), engine)),
            config.processorProperties(),
            START);
    Topics topics = config.topics();
    Avro avro = new Avro(config.clientSettings());
    requests =
        driver.createInputTopic(
            topics.requests("default"),
            new StringSerializer(),
            avro.serializer(RoutedRequest.class));
    cancellations =
        driver.createInputTopic(
            topics.cancellations(), new StringSerializer(), avro.serializer(CancelEvent.class));
    deltas =
        driver.createOutputTopic(
            topics.deltas(), new StringDeserializer(), avro.deserializer(GenerationDelta.class));
    completions =
        driver.createOutputTopic(
            topics.completions(), new StringDeserializer(), avro.deserializer(Completion.class));
    telemetry =
        driver.createOutputTopic(
            topics.telemetry(), new StringDeserializer(), avro.deserializer(StepTelemetry.class));
  }

  @AfterEach
  void stop() {
    driver.close();
    engine.close();
  }

  private static RoutedRequest request(String id, String session, String text) {
    PromptEvent prompt =
        PromptEvent.newBuilder()
            .setRequestId(id)
            .setSessionId(session)
            .setMessages(List.of(new ChatMessage("user", text)))
            .setSampling(Sampling.newBuilder().setMaxTokens(20).setSeed(5).build())
            .build();
    return RoutedRequest.newBuilder()
        .setPrompt(prompt)
        .setModel("demo")
        .setPool("default")
        .setOrigin(new RecordOrigin("prompts", 0, 0L, Instant.EPOCH))
        .build();
  }

  private void send(String id, String session) {
    requests.pipeInput(session == null ? id : session, request(id, session, "hello " + id));
  }

  // Its deadline counts from the start.
  private void sendWith(String id, String session, int priority, Duration deadline) {
    RoutedRequest request = request(id, session, "hello " + id);
    request.getPrompt().setPriority(priority);
    if (deadline != null) {
      request.getPrompt().setDeadline(START.plus(deadline));
    }
    requests.pipeInput(session == null ? id : session, request);
  }

  private void tick() {
    driver.advanceWallClockTime(TICK);
  }

  private void passTimeToLive() {
    driver.advanceWallClockTime(Duration.ofHours(25));
    driver.advanceWallClockTime(Duration.ofMinutes(1)); // the pause between two walks
  }

  private Completion onlyCompletion() {
    List<Completion> all = completions.readValuesToList();
    assertThat(all).hasSize(1);
    return all.get(0);
  }

  private long stored(String store) {
    long count = 0;
    try (var all = driver.getKeyValueStore(store).all()) {
      while (all.hasNext()) {
        all.next();
        count++;
      }
    }
    return count;
  }

  @Test
  void textAndTelemetryComeOutAndNothingStaysPending() {
    send("r1", null);
    FakeEngine.Live live = engine.of("r1");
    live.step(1, 2, 3);
    live.step(4);
    assertThat(deltas.isEmpty()).isTrue(); // nothing is forwarded from the engine's side
    tick();
    live.step(5);
    live.end(FinishReason.STOP, "!");
    tick();
    List<GenerationDelta> pieces = deltas.readValuesToList();
    assertThat(pieces).extracting(GenerationDelta::getTokenOffset).containsExactly(0, 4);
    assertThat(pieces).extracting(GenerationDelta::getText).containsExactly("bcde", "f!");
    List<StepTelemetry> cycles = telemetry.readValuesToList();
    assertThat(cycles).extracting(StepTelemetry::getCycle).containsExactly(0, 1, 2);
    assertThat(cycles.get(0).getEntropy()).isEqualTo(1.5);
    Completion completion = onlyCompletion();
    assertThat(completion.getText()).isEqualTo("bcdef!");
    assertThat(completion.getTokenIds()).containsExactly(1, 2, 3, 4, 5);
    assertThat(completion.getUsage().getCompletionTokens()).isEqualTo(5);
    assertThat(completion.getSpeculation().getTargetCalls()).isEqualTo(3);
    assertThat(completion.getSpeculation().getMeanAcceptanceLength()).isEqualTo(5 / 3.0);
    assertThat(completion.getSpeculation().getBinCycles().get(2)).isEqualTo(3);
    assertThat(stored(Stores.PENDING)).isZero();
    assertThat(stored(Stores.PROGRESS)).isZero();
  }

  @Test
  void headersOfTheRequestComeBackWithItsOutput() {
    RecordHeaders headers = new RecordHeaders();
    headers.add("traceparent", "00-1-2-01".getBytes(StandardCharsets.UTF_8));
    requests.pipeInput(new TestRecord<>("r1", request("r1", null, "x"), headers));
    engine.finish("r1", FinishReason.STOP);
    tick();
    TestRecord<String, Completion> record = completions.readRecord();
    assertThat(record.headers().lastHeader("traceparent").value())
        .isEqualTo("00-1-2-01".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aSecondTurnWaitsForTheFirstAndContinuesItsTranscript() {
    send("r1", "s");
    send("r2", "s");
    tick();
    assertThat(engine.submittedIds()).containsExactly("r1");
    engine.of("r1").step(7, 8);
    engine.finish("r1", FinishReason.LENGTH);
    tick();
    assertThat(engine.submittedIds()).containsExactly("r1", "r2");
    int[] first = engine.submitted.get(0).promptIds();
    int[] second = engine.submitted.get(1).promptIds();
    assertThat(second).startsWith(first);
    assertThat(second[first.length]).isEqualTo(7);
    assertThat(second[first.length + 1]).isEqualTo(8);
    SessionState session = (SessionState) driver.getKeyValueStore(Stores.SESSIONS).get("s");
    assertThat(session.getTurns()).isEqualTo(1);
  }

  @Test
  void aRequestThatComesAgainIsNotRunAgain() {
    send("r1", null);
    send("r1", null);
    engine.finish("r1", FinishReason.STOP);
    tick();
    send("r1", null);
    tick();
    assertThat(engine.submittedIds()).containsExactly("r1");
    onlyCompletion();
  }

  @Test
  void workStaysInTheStoreWhileTheEngineIsFull() {
    engine.capacity = 1;
    send("r1", null);
    send("r2", null);
    tick();
    assertThat(engine.submittedIds()).containsExactly("r1");
    assertThat(stored(Stores.PENDING)).isEqualTo(2);
    engine.finish("r1", FinishReason.STOP);
    tick();
    assertThat(engine.submittedIds()).containsExactly("r1", "r2");
  }

  @Test
  void whatWaitsInTheStoreGoesByPriorityThenDeadlineThenAge() {
    engine.capacity = 1;
    send("running", null);
    send("old", null);
    send("young", null);
    sendWith("late", null, 0, Duration.ofHours(2));
    sendWith("soon", null, 0, Duration.ofHours(1));
    sendWith("urgent", null, 5, null);
    sendWith("idle", null, -1, Duration.ofMinutes(1));
    for (String id : List.of("running", "urgent", "soon", "late", "old", "young")) {
      engine.finish(id, FinishReason.STOP);
      tick();
    }
    assertThat(engine.submittedIds())
        .containsExactly("running", "urgent", "soon", "late", "old", "young", "idle");
  }

  @Test
  void theTurnsOfASessionKeepTheirOrderWhateverTheirPriority() {
    sendWith("first", "s", 0, null);
    sendWith("second", "s", 9, null);
    tick();
    assertThat(engine.submittedIds()).containsExactly("first");
    engine.finish("first", FinishReason.STOP);
    tick();
    assertThat(engine.submittedIds()).containsExactly("first", "second");
  }

  @Test
  void aDeadlineThatPassesInTheStoreCancelsOnceAndTheNextTurnGoesOn() {
    engine.capacity = 1;
    sendWith("running", null, 0, Duration.ofSeconds(1));
    sendWith("waiting", "s", 0, Duration.ofSeconds(1));
    sendWith("behind", "s", 0, Duration.ofSeconds(1));
    sendWith("next", "s", 0, null);
    tick();
    assertThat(completions.isEmpty()).isTrue();
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    List<Completion> ended = completions.readValuesToList();
    assertThat(ended)
        .extracting(Completion::getRequestId)
        .containsExactlyInAnyOrder("waiting", "behind"); // what runs is the engine's to end
    assertThat(ended)
        .allMatch(c -> c.getFinishReason().name().equals("CANCELLED") && c.getError() == null);
    engine.finish("running", FinishReason.CANCELLED);
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    assertThat(onlyCompletion().getRequestId()).isEqualTo("running");
    assertThat(engine.submittedIds()).containsExactly("running", "next");
    sendWith("waiting", "s", 0, Duration.ofSeconds(1));
    tick();
    assertThat(completions.isEmpty()).isTrue();
    assertThat(stored(Stores.PENDING)).isEqualTo(1);
  }

  @Test
  void aDeadlineThatPassesBeforeARetryCancelsTheRequest() {
    sendWith("r1", null, 0, Duration.ofMillis(100));
    engine.of("r1").end(FinishReason.FAILED, "", "ENGINE_ERROR", true);
    tick();
    driver.advanceWallClockTime(Duration.ofMillis(200));
    assertThat(onlyCompletion().getFinishReason().name()).isEqualTo("CANCELLED");
    driver.advanceWallClockTime(Duration.ofMinutes(2));
    assertThat(engine.submitted).hasSize(1);
    assertThat(completions.isEmpty()).isTrue();
  }

  @Test
  void manyDeadlinesAtOnceAreSpreadOverThePunctuations() {
    engine.capacity = 0;
    for (int i = 0; i < WORK_BUDGET + 1; i++) {
      sendWith("r" + i, null, 0, Duration.ofMillis(5));
    }
    tick();
    assertThat(completions.readValuesToList()).hasSize(WORK_BUDGET);
    tick();
    onlyCompletion();
    assertThat(stored(Stores.PENDING)).isZero();
  }

  @Test
  void aFailureThatMayPassIsTriedAgainFromWhatWasPublished() {
    send("r1", null);
    engine.of("r1").step(1, 2);
    for (int attempt = 1; attempt <= 3; attempt++) {
      FakeEngine.Live live = engine.of("r1");
      engine.live.clear();
      live.end(FinishReason.FAILED, "", "ENGINE_ERROR", true);
      tick();
      assertThat(engine.submitted).hasSize(attempt); // not again at once
      driver.advanceWallClockTime(Duration.ofSeconds(attempt));
    }
    assertThat(engine.submitted).hasSize(3);
    assertThat(engine.submitted.get(2).committedIds()).containsExactly(1, 2);
    assertThat(engine.submitted.get(2).sampling().seed()).isEqualTo(5);
    Completion completion = onlyCompletion();
    assertThat(completion.getFinishReason().name()).isEqualTo("FAILED");
    assertThat(completion.getError().getCode()).isEqualTo("ENGINE_ERROR");
    assertThat(completion.getText()).isEqualTo("bc");
  }

  @Test
  void aFailureThatWouldComeAgainIsFinalAtOnce() {
    send("r1", null);
    engine.of("r1").end(FinishReason.FAILED, "", "ENGINE_ERROR", false);
    tick();
    assertThat(onlyCompletion().getError().getCode()).isEqualTo("ENGINE_ERROR");
    driver.advanceWallClockTime(Duration.ofMinutes(2));
    assertThat(engine.submitted).hasSize(1);
  }

  @Test
  void aRequestThatIsCancelledWhileItWaitsForItsRetryIsOver() {
    send("r1", null);
    FakeEngine.Live live = engine.of("r1");
    engine.live.clear();
    live.end(FinishReason.FAILED, "", "ENGINE_ERROR", true);
    tick();
    cancellations.pipeInput("r1", CancelEvent.newBuilder().setRequestId("r1").build());
    driver.advanceWallClockTime(Duration.ofMinutes(2));
    assertThat(onlyCompletion().getFinishReason().name()).isEqualTo("CANCELLED");
    assertThat(engine.submitted).hasSize(1);
  }

  @Test
  void aRequestThatIsCancelledAfterItsAttemptFailedEndsWithTheTextThatWasPublished() {
    for (String id : List.of("before", "after")) { // the processor hears of the failure
      send(id, null);
      engine.of(id).step(1, 2);
      tick();
      FakeEngine.Live live = engine.of(id);
      engine.live.clear();
      live.end(FinishReason.FAILED, "", "ENGINE_ERROR", true);
      if (id.equals("after")) {
        tick();
      }
      cancellations.pipeInput(id, CancelEvent.newBuilder().setRequestId(id).build());
      tick();
      driver.advanceWallClockTime(Duration.ofMinutes(2));
      tick();
      Completion completion = onlyCompletion();
      assertThat(completion.getFinishReason().name()).isEqualTo("CANCELLED");
      assertThat(completion.getText()).isEqualTo("bc");
      assertThat(completion.getTokenIds()).containsExactly(1, 2);
    }
    assertThat(stored(Stores.REQUEST_IDS)).isEqualTo(2); // as finished, and no more as cancelled
  }

  @Test
  void aBacklogIsStoredAndOfferedOneByOne() {
    engine.capacity = 1;
    for (int i = 0; i < BACKLOG; i++) {
      send("r" + i, null);
    }
    int offers = engine.offers;
    tick();
    assertThat(engine.offers - offers).isEqualTo(1);
    assertThat(stored(Stores.PENDING)).isEqualTo(BACKLOG);
    for (int i = 0; i < 3; i++) {
      engine.finish("r" + i, FinishReason.STOP);
      tick();
    }
    assertThat(engine.submittedIds()).containsExactly("r0", "r1", "r2", "r3");
    assertThat(stored(Stores.PENDING)).isEqualTo(BACKLOG - 3);
  }

  @Test
  void offersThatTakeLongAreSpreadOverThePunctuations() {
    engine.offerTime = Duration.ofMillis(25);
    for (int i = 0; i < 3; i++) {
      send("r" + i, null);
    }
    assertThat(engine.submittedIds()).containsExactly("r0");
    tick();
    assertThat(engine.submittedIds()).containsExactly("r0", "r1");
    tick();
    assertThat(engine.submittedIds()).containsExactly("r0", "r1", "r2");
  }

  @Test
  void aBacklogOfADeadEngineStaysInTheStore() {
    engine.capacity = 1;
    send("r1", null);
    send("r2", null);
    engine.dead = true;
    send("r3", null);
    tick();
    assertThat(engine.submittedIds()).containsExactly("r1");
    assertThat(stored(Stores.PENDING)).isEqualTo(3);
    assertThat(completions.isEmpty()).isTrue();
  }

  @Test
  void anEngineThatDiesOfAnOfferLeavesItInTheStore() {
    engine.diesOfTheNextOffer = true;
    send("r1", null);
    tick();
    assertThat(engine.offers).isEqualTo(1);
    assertThat(stored(Stores.PENDING)).isEqualTo(1);
    assertThat(completions.isEmpty()).isTrue();
  }

  @Test
  void eventsOfAnEarlierSubmissionAreDropped() {
    send("r1", null);
    FakeEngine.Live old = engine.of("r1");
    engine.live.clear();
    old.end(FinishReason.FAILED, "", "ENGINE_ERROR", true);
    tick();
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    old.step(9);
    old.end(FinishReason.STOP, "");
    tick();
    assertThat(deltas.isEmpty()).isTrue();
    assertThat(completions.isEmpty()).isTrue();
    assertThat(engine.of("r1")).isNotSameAs(old);
  }

  @Test
  void aRunningAWaitingAndAFutureRequestCanBeCancelled() {
    send("running", "s");
    send("waiting", "s");
    for (String id : List.of("running", "waiting", "future")) {
      cancellations.pipeInput(
          id.equals("future") ? "future" : "s", CancelEvent.newBuilder().setRequestId(id).build());
    }
    tick();
    send("future", null);
    tick();
    assertThat(completions.readValuesToList())
        .hasSize(3)
        .allMatch(c -> c.getFinishReason().name().equals("CANCELLED"));
    assertThat(engine.submittedIds()).containsExactly("running");
    assertThat(stored(Stores.PENDING)).isZero();
  }

  @Test
  void aCancellationOfAnIdThatNoRequestCanHaveIsIgnored() {
    String huge = "r".repeat(RECORD_BYTES);
    cancellations.pipeInput("k", CancelEvent.newBuilder().setRequestId(huge).build());
    cancellations.pipeInput("k", CancelEvent.newBuilder().setRequestId(" ").build());
    tick();
    assertThat(stored(Stores.REQUEST_IDS)).isZero();
    send("r1", null);
    assertThat(engine.submittedIds()).containsExactly("r1");
  }

  @Test
  void aPromptThatDoesNotFitTheContextFailsWithItsReason() {
    requests.pipeInput("r1", request("r1", null, "word ".repeat(2000)));
    tick();
    Completion completion = onlyCompletion();
    assertThat(completion.getError().getCode()).isEqualTo("PROMPT_TOO_LONG");
    assertThat(completion.getError().getMessage()).contains("1024").doesNotContain("word word");
    send("r2", null);
    assertThat(engine.submittedIds()).containsExactly("r2");
  }

  @Test
  void aRequestForAnotherModelFails() {
    RoutedRequest other = request("r1", null, "x");
    other.setModel("large");
    requests.pipeInput("r1", other);
    tick();
    assertThat(onlyCompletion().getError().getCode()).isEqualTo("UNKNOWN_MODEL");
  }

  @Test
  void idleSessionsAndOldRequestIdsAreForgotten() {
    send("r1", "s");
    engine.finish("r1", FinishReason.STOP);
    tick();
    assertThat(stored(Stores.SESSIONS)).isEqualTo(1);
    passTimeToLive();
    assertThat(stored(Stores.SESSIONS)).isZero();
    assertThat(stored(Stores.REQUEST_IDS)).isZero();
  }

  @Test
  void aSessionIsKeptWhileATurnOfItWaitsOrRuns() {
    send("r1", "s");
    engine.of("r1").step(7);
    engine.finish("r1", FinishReason.LENGTH);
    tick();
    engine.capacity = 0;
    send("ahead", null);
    send("r2", "s");
    passTimeToLive();
    engine.capacity = 2;
    tick();
    assertThat(engine.submittedIds()).containsExactly("r1", "ahead", "r2");
    int[] first = engine.submitted.get(0).promptIds();
    int[] second = engine.submitted.get(2).promptIds();
    assertThat(second).startsWith(first).hasSizeGreaterThan(first.length);
    assertThat(second[first.length]).isEqualTo(7);
    passTimeToLive();
    engine.finish("r2", FinishReason.LENGTH);
    tick();
    SessionState session = (SessionState) driver.getKeyValueStore(Stores.SESSIONS).get("s");
    assertThat(session.getTurns()).isEqualTo(2);
    assertThat(session.getRecentRequestIds()).containsExactly("r1", "r2");
    passTimeToLive();
    assertThat(stored(Stores.SESSIONS)).isZero();
  }

  @Test
  void anAnswerThatFitsInNoRecordFailsAndTheSessionGoesOnWithoutIt() {
    send("r1", "s");
    engine.of("r1").step(new int[RECORD_BYTES]); // a byte or more in text and another as an id
    engine.finish("r1", FinishReason.LENGTH);
    tick();
    Completion completion = onlyCompletion();
    assertThat(completion.getFinishReason().name()).isEqualTo("FAILED");
    assertThat(completion.getError().getCode()).isEqualTo("ANSWER_TOO_LONG");
    assertThat(completion.getError().getMessage()).contains("max_tokens");
    assertThat(stored(Stores.PENDING)).isZero();
    assertThat(stored(Stores.PROGRESS)).isZero();
    send("r2", "s");
    int[] asked = engine.of("r2").request.promptIds();
    assertThat(asked).hasSameSizeAs(engine.submitted.get(0).promptIds());
    engine.of("r2").step(1);
    engine.finish("r2", FinishReason.STOP);
    tick();
    assertThat(onlyCompletion().getError()).isNull();
    SessionState session = (SessionState) driver.getKeyValueStore(Stores.SESSIONS).get("s");
    assertThat(session.getTurns()).isEqualTo(1);
    assertThat(session.getRecentRequestIds()).containsExactly("r2");
  }

  @Test
  void thePagesOfASessionWithoutAnAnswerExpire() {
    send("r1", "s");
    FakeEngine.Live live = engine.of("r1");
    live.step(new int[RECORD_BYTES]);
    engine.finish("r1", FinishReason.LENGTH);
    tick();
    assertThat(onlyCompletion().getError().getCode()).isEqualTo("ANSWER_TOO_LONG");
    byte[] none = new byte[0];
    live.request.session().write(0, new KvPage("m", "fp32", 0, none, new int[2], none, none, 0));
    tick();
    assertThat(stored(Stores.SESSION_KV)).isEqualTo(1);
    passTimeToLive();
    assertThat(stored(Stores.SESSION_KV)).isZero();
    assertThat(stored(Stores.SESSIONS)).isZero();
  }

  @Test
  void aRequestThatFitsInNoRecordWithItsTokensIsRefused() {
    RoutedRequest large = request("r1", null, "hello");
    large.getPrompt().getSampling().setStop(List.of("s".repeat(RECORD_BYTES)));
    requests.pipeInput("r1", large);
    assertThat(onlyCompletion().getError().getMessage()).contains("does not fit in a record");
    assertThat(stored(Stores.PENDING)).isZero();
    assertThat(engine.submitted).isEmpty();
  }
}
