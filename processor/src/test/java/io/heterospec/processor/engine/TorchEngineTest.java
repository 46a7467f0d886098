package io.heterospec.processor.engine;

import static io.heterospec.processor.engine.DemoEngine.greedy;
import static io.heterospec.processor.engine.DemoEngine.ids;
import static io.heterospec.processor.engine.DemoEngine.request;
import static io.heterospec.processor.engine.DemoEngine.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.engine.DemoEngine.Recording;
import io.heterospec.processor.text.TextModel.ChatMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchEngineTest {
  private static final int[] NONE = {};
  private static TorchEngine engine;

  @BeforeAll
  static void open() {
    engine = TorchEngine.open(DemoEngine.options().withLimits(2, 2).withPrefillChunk(16));
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"vanilla", "eagle3", "heterospec"})
  void telemetryAddsUpToTheResult(String mode) {
    Recording recording =
        run(engine, request("sum", ids(engine, "def add(a, b):"), NONE, greedy(60), mode));
    GenerationResult result = recording.result();
    assertThat(result.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(result.tokenIds()).hasSize(60);
    assertThat(recording.steps).hasSize((int) result.targetCalls());
    int offset = 0;
    long verified = 0;
    for (GenerationStep step : recording.steps) {
      CycleReport cycle = step.cycle();
      assertThat(step.tokenOffset()).isEqualTo(offset);
      assertThat(cycle.emitted())
          .isEqualTo(step.tokenIds().length)
          .isLessThanOrEqualTo(cycle.accepted() + 1);
      assertThat(cycle.verified()).isLessThanOrEqualTo(cycle.candidates() + 1);
      assertThat(cycle.policy()).isEqualTo(mode);
      if (!Double.isNaN(cycle.entropy())) {
        double sum = Arrays.stream(cycle.depthEntropies()).sum();
        assertThat(cycle.entropy()).isCloseTo(sum, within(1e-9));
      }
      offset += step.tokenIds().length;
      verified += cycle.verified();
    }
    assertThat(offset).isEqualTo(60);
    assertThat(verified).isEqualTo(result.verifiedTokens());
    assertThat(result.meanAcceptanceLength()).isCloseTo(60.0 / result.targetCalls(), within(1e-9));
    assertThat(recording.stepText() + result.tailText()).isEqualTo(result.text());
  }

  @Test
  void aGenerationResumedAnywhereContinuesAsIfNothingHadHappened() {
    int[] prompt = ids(engine, "Emoji: 😀 🎉 and text:");
    SamplingParams sampling =
        new SamplingParams(48, 0.9, 0, 1, 3, List.of("never this", "nor that"), true);
    Recording whole = run(engine, request("whole", prompt, NONE, sampling, "heterospec"));
    int[] tokens = whole.result().tokenIds();
    for (int cut = 0; cut <= tokens.length; cut += 5) {
      int[] committed = Arrays.copyOf(tokens, cut);
      SequenceText replayed = new SequenceText(engine.model(), sampling, 48);
      StringBuilder before = new StringBuilder();
      for (int token : committed) {
        before.append(replayed.append(token));
      }
      Recording rest = run(engine, request("cut" + cut, prompt, committed, sampling, "heterospec"));
      GenerationResult result = rest.result();
      assertThat(result.tokenIds()).as("cut at %d", cut).isEqualTo(tokens);
      assertThat(result.text()).isEqualTo(whole.result().text());
      assertThat(before + rest.stepText() + result.tailText()).isEqualTo(result.text());
      if (!rest.steps.isEmpty()) {
        assertThat(rest.steps.get(0).tokenOffset()).isEqualTo(cut);
      }
    }
  }

  @Test
  void aResumedGenerationThatHadEndedNeedsNoFurtherCycle() {
    int[] prompt = ids(engine, "a b a b");
    int[] tokens = run(engine, request("full", prompt, NONE, greedy(9), null)).result().tokenIds();
    Recording again = run(engine, request("ended", prompt, tokens, greedy(9), null));
    assertThat(again.steps).isEmpty();
    assertThat(again.result().finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(again.result().tokenIds()).isEqualTo(tokens);
  }

  @Test
  void aStopSequenceAcrossTokensEndsTheTextBeforeIt() {
    int[] prompt = ids(engine, "1, 2, 3, 4,");
    String free = run(engine, request("free", prompt, NONE, greedy(40), null)).result().text();
    String stop = free.substring(free.length() / 2, free.length() / 2 + 5);
    Recording stopped = run(engine, request("stop", prompt, NONE, greedy(40, stop), "heterospec"));
    GenerationResult result = stopped.result();
    assertThat(result.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(result.text()).isEqualTo(free.substring(0, free.indexOf(stop)));
    assertThat(stopped.stepText() + result.tailText()).isEqualTo(result.text());
  }

  @Test
  void anEndOfSequenceTokenEndsTheGenerationUnlessIgnored() {
    int[] prompt =
        engine
            .model()
            .encodeChat(
                NONE,
                List.of(new ChatMessage("user", "Hi! I would like to order a pizza, please.")));
    SamplingParams heeding = SamplingParams.greedy(200);
    GenerationResult ended = run(engine, request("eos", prompt, NONE, heeding, null)).result();
    assertThat(ended.finishReason()).isEqualTo(FinishReason.STOP);
    int last = ended.tokenIds()[ended.tokenIds().length - 1];
    assertThat(engine.model().eosTokenIds()).contains(last);
    GenerationResult on =
        run(engine, request("on", prompt, NONE, greedy(ended.tokenIds().length + 5), null))
            .result();
    assertThat(on.tokenIds()).hasSize(ended.tokenIds().length + 5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vanilla", "heterospec"})
  void promptsOfOneTokenAndPromptsThatFillTheContextWork(String mode) {
    GenerationResult one =
        run(engine, request("one", new int[] {5}, NONE, greedy(20), mode)).result();
    assertThat(one.tokenIds()).hasSize(20);
    int[] full = new int[engine.model().contextLength() - 1];
    Arrays.fill(full, 7);
    GenerationResult last = run(engine, request("full", full, NONE, greedy(20), mode)).result();
    assertThat(last.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(last.tokenIds()).hasSize(1);
  }

  @Test
  void oneTokenIsGeneratedWhenOneIsAsked() {
    GenerationResult result =
        run(engine, request("single", ids(engine, "abc"), NONE, greedy(1), null)).result();
    assertThat(result.tokenIds()).hasSize(1);
    assertThat(result.targetCalls()).isEqualTo(1);
  }

  @Test
  void whatCanNeverRunIsRefusedWithAReason() {
    int[] tooLong = new int[engine.model().contextLength()];
    refused(request("a", tooLong, NONE, greedy(1), null), "leaves no room in the context");
    refused(request("b", new int[] {-1}, NONE, greedy(1), null), "outside the vocabulary");
    refused(request("c", new int[] {1}, new int[] {4096}, greedy(1), null), "committed token id");
    refused(request("d", new int[] {1}, NONE, greedy(1), "best"), "mode 'best' is not served");
    assertThatThrownBy(() -> GenerationRequest.of("e", NONE, greedy(1)))
        .hasMessageContaining("no tokens");
    assertThat(engine.load()).isZero();
  }

  private static void refused(GenerationRequest request, String reason) {
    assertThatThrownBy(() -> engine.submit(request, new Recording()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void aFullEngineTakesNoMoreUntilAGenerationEnds() {
    List<Recording> taken = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Recording recording = new Recording();
      assertThat(engine.submit(longRequest("full-" + i), recording)).isTrue();
      taken.add(recording);
    }
    assertThat(engine.submit(longRequest("full-4"), new Recording())).isFalse();
    for (int i = 0; i < 4; i++) {
      engine.cancel("full-" + i);
      assertThat(taken.get(i).result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
    run(engine, request("after", ids(engine, "abc"), NONE, greedy(2), null));
  }

  private static GenerationRequest longRequest(String id) {
    return request(id, ids(engine, "abc"), NONE, greedy(1000), "vanilla");
  }

  @Test
  void anAbandonedGenerationSaysNothingMore() {
    Recording abandoned = new Recording();
    engine.submit(longRequest("left"), abandoned);
    engine.abandon("left");
    // Commands are done in order, so what follows ends after the abandoned one left.
    run(engine, request("next", ids(engine, "abc"), NONE, greedy(3), null));
    int steps = abandoned.steps.size();
    run(engine, request("later", ids(engine, "abc"), NONE, greedy(3), null));
    assertThat(abandoned.ended()).isFalse();
    assertThat(abandoned.steps).hasSize(steps);
  }

  @Test
  void aGenerationPastItsDeadlineIsCancelled() {
    GenerationRequest late =
        new GenerationRequest(
            "late",
            new int[] {5},
            NONE,
            greedy(50),
            null,
            0,
            System.currentTimeMillis() - 1,
            false);
    GenerationResult result = run(engine, late).result();
    assertThat(result.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(result.tokenIds()).isEmpty();
  }

  @Test
  void higherPriorityIsAdmittedFirst() {
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch submitted = new CountDownLatch(1);
    Recording first = new Recording();
    Recording second = new Recording();
    // Two blockers fill the live places; the first waits in its listener until all are queued.
    engine.submit(
        longRequest("blocker-1"),
        new GenerationListener() {
          @Override
          public void onStep(GenerationStep step) {
            try {
              submitted.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }

          @Override
          public void onFinished(GenerationResult result) {
            first.onFinished(result);
          }
        });
    engine.submit(longRequest("blocker-2"), second);
    List<Recording> queued = new ArrayList<>();
    for (int priority : new int[] {1, 5}) {
      Recording recording = new Recording();
      GenerationRequest request =
          new GenerationRequest(
              "p" + priority,
              new int[] {5},
              NONE,
              greedy(3),
              null,
              priority,
              Long.MAX_VALUE,
              false);
      engine.submit(request, noting(recording, order));
      queued.add(recording);
    }
    engine.cancel("blocker-1");
    submitted.countDown();
    queued.forEach(Recording::result);
    engine.cancel("blocker-2");
    second.result();
    assertThat(order).containsExactly("p5", "p1");
  }

  private static GenerationListener noting(Recording recording, List<String> order) {
    return new GenerationListener() {
      @Override
      public void onStep(GenerationStep step) {
        recording.onStep(step);
      }

      @Override
      public void onFinished(GenerationResult result) {
        order.add(result.requestId());
        recording.onFinished(result);
      }
    };
  }

  @Test
  void aListenerThatThrowsFailsItsOwnGenerationOnly() {
    Recording failed = new Recording();
    engine.submit(
        longRequest("thrower"),
        new GenerationListener() {
          @Override
          public void onStep(GenerationStep step) {
            throw new IllegalStateException("listener");
          }

          @Override
          public void onFinished(GenerationResult result) {
            failed.onFinished(result);
          }
        });
    GenerationResult result = failed.result();
    assertThat(result.finishReason()).isEqualTo(FinishReason.FAILED);
    assertThat(result.errorCode()).isEqualTo("ENGINE_ERROR");
    assertThat(result.retryable()).isTrue();
    assertThat(
            run(engine, request("well", new int[] {5}, NONE, greedy(4), null)).result().tokenIds())
        .hasSize(4);
    assertThat(engine.healthy()).isTrue();
  }

  @Test
  void withoutAHeadPlainDecodingIsServed() {
    try (TorchEngine vanilla =
        TorchEngine.open(EngineOptions.of(SharedFixtures.demoTarget(), null).withThreads(1))) {
      assertThat(vanilla.modes()).containsExactly("vanilla");
      assertThat(vanilla.defaultMode()).isEqualTo("vanilla");
      assertThatThrownBy(
              () -> vanilla.submit(request("x", new int[] {5}, NONE, greedy(2), "eagle3"), null))
          .hasMessageContaining("no draft head is loaded");
    }
  }

  @Test
  void aClosedEngineRefusesWorkAndLeavesNoThread() {
    TorchEngine closed = DemoEngine.open();
    long before = engineThreads();
    closed.close();
    assertThat(engineThreads()).isEqualTo(before - 1);
    assertThat(closed.healthy()).isFalse();
    assertThatThrownBy(
            () -> closed.submit(request("x", new int[] {5}, NONE, greedy(2), null), null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aScoreWhoseTurnNeverComesIsRefused() {
    TorchEngine closing = DemoEngine.open();
    CompletableFuture<List<TokenScore>> scores = new CompletableFuture<>();
    GenerationListener onEnginesThread =
        new GenerationListener() {
          @Override
          public void onStep(GenerationStep step) {}

          @Override
          public void onFinished(GenerationResult result) {
            startAndAwaitWaiting(
                () -> {
                  try {
                    scores.complete(closing.score(new int[] {5, 6}, 1));
                  } catch (RuntimeException e) {
                    scores.completeExceptionally(e);
                  }
                });
            startAndAwaitWaiting(closing::close);
          }
        };
    closing.submit(request("x", new int[] {5}, NONE, greedy(2), null), onEnginesThread);
    assertThat(scores)
        .failsWithin(Duration.ofSeconds(60))
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(IllegalStateException.class)
        .withMessage("the engine is closed");
  }

  private static void startAndAwaitWaiting(Runnable work) {
    Thread thread = new Thread(work);
    thread.start();
    Awaitility.await().until(() -> thread.getState() == Thread.State.WAITING);
  }

  private static long engineThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("engine-"))
        .count();
  }

  @Test
  void scoresAreTheSameInAnyChunking() {
    int[] tokens = ids(engine, "The quick brown fox jumps over the lazy dog, again and again.");
    List<TokenScore> chunked = engine.score(tokens, 5);
    assertThat(chunked).hasSize(tokens.length);
    assertThat(chunked.get(0).logprob()).isNaN();
    try (TorchEngine whole = DemoEngine.open()) {
      List<TokenScore> expected = whole.score(tokens, 5);
      for (int i = 1; i < tokens.length; i++) {
        assertThat(chunked.get(i).logprob()).isCloseTo(expected.get(i).logprob(), within(1e-4));
      }
    }
    assertThatThrownBy(() -> engine.score(NONE, 5)).hasMessageContaining("1 to 1024");
  }
}
