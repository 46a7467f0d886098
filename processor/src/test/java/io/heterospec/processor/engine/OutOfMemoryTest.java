package io.heterospec.processor.engine;

import static io.heterospec.processor.engine.DemoEngine.greedy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import io.heterospec.processor.engine.DemoEngine.Recording;
import io.heterospec.processor.kv.KvPage;
import io.heterospec.processor.tree.SpeculationBudget;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The device has no memory for a call: on the test's own thread, which chooses the call. */
class OutOfMemoryTest {
  private static final int TOKENS = 24;
  private static final int[] NONE = {};

  private static LoadedPair pair;
  private static int[] words;

  private final Map<String, Integer> calls = new LinkedHashMap<>();
  private final MemoryPages stored = new MemoryPages("stored");
  private SessionCaches sessions;
  private Scheduler scheduler;

  @BeforeAll
  static void load() {
    pair = LoadedPair.load(DemoEngine.options().withPrefillChunk(64));
    words = pair.text().encodeText(NONE, "The ship came in at noon with the tide. ".repeat(20));
  }

  @AfterAll
  static void close() {
    pair.close();
  }

  @BeforeEach
  void schedule() {
    CacheBudget caches = new CacheBudget(pair.models(), 1L << 30);
    sessions = pair.sessions();
    SpeculationBudget budget = pair.budget(TestCosts.cheap());
    scheduler = new Scheduler(pair.models(), caches, sessions, budget, pair.options(), () -> {});
  }

  @AfterEach
  void nothingIsLeft() {
    pair.models().devices().first().probe(method -> {});
    scheduler.abandonAll();
    assertThat(pair.models().target().memory().usedBytes()).isZero();
    assertThat(pair.models().head().memory().usedBytes()).isZero();
    scheduler.trim();
  }

  private static void refuse() {
    throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB.");
  }

  /** Every call of this method from the given one on is refused, so many times. */
  private void refuse(String wanted, int from, int times) {
    calls.clear();
    pair.models()
        .devices()
        .first()
        .probe(
            method -> {
              int call = calls.merge(method, 1, Integer::sum);
              if (method.equals(wanted) && call >= from && call < from + times) {
                refuse();
              }
            });
  }

  private Recording add(String id, int length, String mode, MemoryPages pages) {
    GenerationRequest request =
        DemoEngine.request(id, Arrays.copyOf(words, length), NONE, greedy(TOKENS), mode);
    Recording recording = new Recording();
    GenerationRequest asked = pages == null ? request : request.withSession(pages);
    scheduler.add(pair.sequence(asked, recording));
    return recording;
  }

  private void finish() {
    while (!scheduler.isIdle() || (scheduler.isWriting() && scheduler.writePage())) {
      scheduler.round();
    }
  }

  // Long prompts in parts, a turn that finds pages, policies side by side.
  private List<int[]> scenario() {
    List<Recording> all =
        List.of(
            add("long", 150, "heterospec", null),
            add("turn", 130, "heterospec", stored),
            add("lean", 40, "budgeted", null));
    finish();
    scheduler.forget(stored.session());
    return all.stream()
        .peek(each -> assertThat(each.result().finishReason()).isEqualTo(FinishReason.LENGTH))
        .map(each -> each.result().tokenIds())
        .toList();
  }

  @Test
  void anyOneCallMayBeRefusedAndNoTokenChanges() {
    add("first turn", 100, "heterospec", stored);
    finish();
    scheduler.forget(stored.session());
    Map<Integer, KvPage> pages = Map.copyOf(stored.pages);
    refuse("nothing", 1, 0);
    List<int[]> expected = scenario();
    Map<String, Integer> made = new LinkedHashMap<>(calls);
    assertThat(made)
        .containsKeys("allocate", "prefill", "read", "extend", "level", "write_bytes", "move");
    assertThat(made).containsKeys("verify_greedy", "snapshot", "copied_rows");

    for (Map.Entry<String, Integer> method : made.entrySet()) {
      for (int call : Stream.of(1, 2, method.getValue() / 2 + 1).distinct().toList()) {
        stored.pages.clear();
        stored.pages.putAll(pages);
        schedule();
        refuse(method.getKey(), call, 1);
        assertThat(scenario())
            .as("%s, call %d of %d", method.getKey(), call, method.getValue())
            .usingRecursiveComparison()
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void speculationPausesAndComesBack() {
    Recording plain = add("plain", 60, "vanilla", null);
    finish();
    refuse("level", 1, 1);
    Recording paused = add("paused", 60, "heterospec", null);
    finish();
    assertThat(paused.result().tokenIds()).isEqualTo(plain.result().tokenIds());
    assertThat(paused.steps).allMatch(step -> step.cycle().candidates() == 0);

    refuse("nothing", 1, 0);
    for (int i = 0; i < 2; i++) { // the rest of the pause
      add("more" + i, 60, "heterospec", null);
      finish();
    }
    Recording again = add("again", 60, "heterospec", null);
    finish();
    assertThat(again.steps).anyMatch(step -> step.cycle().candidates() > 0);
  }

  @Test
  void idleSessionsGoBeforeAnyRequestFails() {
    add("idle", 60, "vanilla", stored);
    finish();
    assertThat(sessions.rows()).containsKey(stored.session());
    refuse("verify_greedy", 1, 1);
    Recording live = add("live", 50, "vanilla", null);
    finish();
    assertThat(live.result().finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(sessions.rows()).isEmpty();
  }

  @Test
  void thenTheYoungestOfTheLowestPriorityFailsAndTheOthersGoOn() {
    Recording old = add("old", 10, "vanilla", null);
    Recording young = add("young", 10, "vanilla", null); // both are prefilled together
    refuse("verify_greedy", 1, 1);
    finish();
    assertThat(young.result().finishReason()).isEqualTo(FinishReason.FAILED);
    assertThat(young.result().errorCode()).isEqualTo("ENGINE_ERROR");
    assertThat(young.result().retryable()).isTrue();
    assertThat(old.result().finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void whatFindsNoMemoryToStartWaitsForThoseWhoRun() {
    Recording first = add("first", 60, "vanilla", null);
    scheduler.round();
    refuse("allocate", 1, 1);
    Recording second = add("second", 200, "vanilla", null);
    while (!first.ended()) {
      assertThat(second.steps).isEmpty();
      scheduler.round();
    }
    finish();
    assertThat(first.result().finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(second.result().finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(calls.get("allocate")).isEqualTo(2); // once when it came, once when there was room
  }

  @Test
  void idleSessionsGoBeforeOneThatFindsNoMemoryToStartWaits() {
    add("idle", 60, "vanilla", stored);
    finish();
    Recording first = add("first", 60, "vanilla", null);
    scheduler.round();
    refuse("allocate", 1, 1);
    Recording second = add("second", 200, "vanilla", null);
    while (second.steps.isEmpty()) {
      scheduler.round();
    }
    assertThat(first.ended()).isFalse();
    assertThat(sessions.rows()).isEmpty();
    finish();
  }

  @Test
  void theDeviceIsGivenUpOnlyWhenNothingHelps() {
    refuse("verify_greedy", 1, Integer.MAX_VALUE - 1);
    List<Recording> requests =
        Stream.of("a", "b", "c", "d", "e").map(id -> add(id, 10, "heterospec", null)).toList();
    assertThatThrownBy(this::finish)
        .isInstanceOf(DeviceLostException.class)
        .hasMessageContainingAll("--cache-mb", "CUDA out of memory");
    assertThat(requests.stream().filter(Recording::ended)).hasSize(MemoryPressure.MOST_FAILURES);
    scheduler.loseAll(new IllegalStateException("dead"));
    assertThat(requests.stream().map(each -> each.result().errorCode()))
        .containsExactly(
            "ENGINE_LOST", "ENGINE_LOST", "ENGINE_ERROR", "ENGINE_ERROR", "ENGINE_ERROR");
  }
}
