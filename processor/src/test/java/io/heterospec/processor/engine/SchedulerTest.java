package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.engine.DemoEngine.Recording;
import io.heterospec.processor.model.KvMemory;
import io.heterospec.processor.tree.SpeculationBudget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The scheduler on the test's own thread, which chooses the round in which something happens. What
 * every sequence says must be what plain decoding alone gives its prompt.
 */
class SchedulerTest {
  private static final int TOKENS = 48;
  private static final int MAX_TIES = 2;
  private static final long CACHE = 1L << 30;
  private static final int[] NONE = {};
  // From one token to more than two chunks of 64.
  private static final int[] PROMPT_LENGTHS = {5, 130, 1, 17, 64, 65, 9, 40};

  private static LoadedPair pair;
  private static List<int[]> prompts;
  private static final Map<Integer, int[]> PLAIN = new HashMap<>();

  private final Map<String, Recording> recordings = new LinkedHashMap<>();
  private final Map<String, Integer> promptOf = new HashMap<>();
  private final List<String> left = new ArrayList<>();
  private CacheBudget caches;
  private Scheduler scheduler;

  @BeforeAll
  static void load() {
    pair = LoadedPair.load(DemoEngine.options());
    String words = "Write a list of ten cities, then explain how a queue works, step by step. ";
    int[] ids = pair.text().encodeText(NONE, words.repeat(20));
    prompts =
        Arrays.stream(PROMPT_LENGTHS).mapToObj(n -> Arrays.copyOfRange(ids, n, 2 * n)).toList();
  }

  @AfterAll
  static void close() {
    pair.close();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(scheduler.isIdle()).isTrue();
    assertThat(pair.models().target().memory().usedBytes()).isZero();
    assertThat(pair.models().head().memory().usedBytes()).isZero();
    scheduler.trim();
    assertThat(pair.models().target().memory().bytes()).isZero();
  }

  private void schedule(int maxLive, int prefillChunk, long cacheBytes) {
    schedule(maxLive, prefillChunk, cacheBytes, pair.budget(TestCosts.cheap()));
  }

  private void schedule(int maxLive, int prefillChunk, long cacheBytes, SpeculationBudget budget) {
    caches = new CacheBudget(pair.models(), cacheBytes);
    EngineOptions limits = pair.options().withLimits(maxLive, 64).withPrefillChunk(prefillChunk);
    scheduler = new Scheduler(pair.models(), caches, pair.sessions(), budget, limits, () -> {});
  }

  private static SamplingParams sampling(int prompt, int maxTokens) {
    double temperature = prompt % 2 == 0 ? 0 : 0.8; // mixed in every pass
    return new SamplingParams(maxTokens, temperature, 0, 1, prompt, List.of(), true);
  }

  private Sequence add(
      String id, int prompt, String mode, int maxTokens, int priority, long deadline) {
    return add(
        new GenerationRequest(
            id,
            prompts.get(prompt),
            NONE,
            sampling(prompt, maxTokens),
            mode,
            priority,
            deadline,
            false),
        prompt);
  }

  private Sequence add(GenerationRequest request, int prompt) {
    String id = request.id();
    Recording recording = new Recording();
    GenerationListener noting =
        new GenerationListener() {
          @Override
          public void onStep(GenerationStep step) {
            recording.onStep(step);
          }

          @Override
          public void onFinished(GenerationResult result) {
            left.add(id);
            recording.onFinished(result);
          }
        };
    recordings.put(id, recording);
    promptOf.put(id, prompt);
    Sequence sequence = pair.sequence(request, noting);
    scheduler.add(sequence);
    return sequence;
  }

  private Sequence add(String id, int prompt, String mode, int priority) {
    return add(id, prompt, mode, TOKENS, priority, Long.MAX_VALUE);
  }

  private void rounds(int count) {
    for (int i = 0; i < count; i++) {
      scheduler.round();
    }
  }

  private void finish() {
    while (!scheduler.isIdle()) {
      scheduler.round();
    }
  }

  private static String mode(int index) {
    return pair.policies().names().get(index % pair.policies().names().size());
  }

  /** What plain decoding gives a prompt that has the engine for itself. */
  private static int[] plain(int prompt) {
    return PLAIN.computeIfAbsent(
        prompt,
        index -> {
          EngineOptions alone = pair.options().withLimits(1, 1);
          Scheduler single =
              new Scheduler(
                  pair.models(),
                  new CacheBudget(pair.models(), CACHE),
                  pair.sessions(),
                  null,
                  alone,
                  () -> {});
          Recording recording = new Recording();
          GenerationRequest request =
              GenerationRequest.of("plain", prompts.get(index), sampling(index, TOKENS));
          single.add(
              new Sequence(request, recording, pair.policies().named("vanilla"), pair.text()));
          while (!single.isIdle()) {
            single.round();
          }
          return recording.result().tokenIds();
        });
  }

  /** Every sequence said the tokens of plain decoding, each once, and its text goes with them. */
  private void assertLossless() {
    List<String> ties = new ArrayList<>();
    recordings.forEach(
        (id, recording) -> {
          int prompt = promptOf.get(id);
          GenerationResult result = recording.result();
          int[] said = result.tokenIds();
          int[] expected = Arrays.copyOf(plain(prompt), said.length);
          int at = Arrays.mismatch(expected, said);
          if (at >= 0) {
            int vocabulary = pair.text().vocabularySize();
            Ties scores =
                new Ties(ids -> Scorer.score(pair.models().target(), ids, vocabulary, ids.length));
            ties.add(
                id
                    + ": "
                    + scores.explain(
                        prompts.get(prompt), expected, said, at, sampling(prompt, TOKENS)));
          }
          assertThat(recording.steps.stream().flatMapToInt(s -> Arrays.stream(s.tokenIds())))
              .as(id)
              .containsExactlyElementsOf(Arrays.stream(said).boxed().toList());
          int offset = 0;
          for (GenerationStep step : recording.steps) {
            assertThat(step.tokenOffset()).as(id).isEqualTo(offset);
            offset += step.tokenIds().length;
          }
          assertThat(recording.stepText() + result.tailText()).as(id).isEqualTo(result.text());
        });
    ties.forEach(System.out::println);
    assertThat(ties).hasSizeLessThanOrEqualTo(MAX_TIES);
  }

  private void assertFinished(FinishReason reason, String... ids) {
    for (String id : ids) {
      assertThat(recordings.get(id).result().finishReason()).as(id).isEqualTo(reason);
    }
  }

  @ParameterizedTest(name = "chunks of {0}")
  @ValueSource(ints = {1, 7, 64, 256})
  void sequencesThatJoinAndLeaveAtAnyCycleAreLossless(int prefillChunk) {
    for (String mode : pair.policies().names()) {
      schedule(5, prefillChunk, CACHE);
      for (int i = 0; i < prompts.size(); i++) {
        add(mode + i, i, mode, TOKENS - 4 * i, 0, Long.MAX_VALUE);
        rounds(2);
      }
      finish();
    }
    assertFinished(FinishReason.LENGTH, recordings.keySet().toArray(String[]::new));
    assertLossless();
  }

  @Test
  void policiesShareCyclesWithoutHarm() {
    schedule(8, 64, CACHE);
    for (int i = 0; i < prompts.size(); i++) {
      add("s" + i, i, mode(i), 0);
    }
    finish();
    assertLossless();
  }

  @Test
  void neighboursOfACancelledSequenceNoticeNothing() {
    for (int when = 0; when < 8; when += 2) {
      schedule(8, 64, CACHE);
      String round = "-" + when;
      for (int i = 0; i < prompts.size(); i++) {
        add(i + round, i, mode(i + when), 0);
      }
      rounds(when);
      scheduler.stop(1 + round, false);
      scheduler.stop(4 + round, false);
      rounds(1);
      assertFinished(FinishReason.CANCELLED, 1 + round, 4 + round);
      scheduler.stop(6 + round, false);
      finish();
      assertFinished(FinishReason.LENGTH, 0 + round, 3 + round, 5 + round, 7 + round);
    }
    assertLossless();
  }

  @Test
  void anEvictedSequenceGoesOnWhereItWas() {
    for (int evicted = 0; evicted < pair.policies().names().size(); evicted++) {
      schedule(2, 64, CACHE);
      String mode = "-" + mode(evicted);
      add("low" + mode, 1, mode(evicted), 0);
      add("middle" + mode, 3, mode(evicted), 1);
      rounds(6);
      int before = recordings.get("low" + mode).steps.size();
      assertThat(before).isPositive();
      add("high" + mode, 4, "vanilla", 2);
      rounds(1);
      assertThat(scheduler.evictions()).isEqualTo(1);
      assertThat(recordings.get("low" + mode).steps).hasSize(before);
      assertThat(recordings.get("high" + mode).steps).hasSize(1);
      add("higher" + mode, 5, "vanilla", 2);
      rounds(1);
      assertThat(scheduler.evictions()).isEqualTo(2);
      finish();
      assertThat(scheduler.evictions()).isEqualTo(2);
      assertThat(left.subList(left.size() - 2, left.size()))
          .containsExactlyInAnyOrder("middle" + mode, "low" + mode);
    }
    assertFinished(FinishReason.LENGTH, recordings.keySet().toArray(String[]::new));
    assertLossless();
  }

  @Test
  void theLatestDeadlineThenTheYoungestGivesUpItsPlace() {
    long later = System.currentTimeMillis() + 1_000_000;
    schedule(4, 64, CACHE);
    add("old", 0, "vanilla", 0);
    add("soon", 2, "vanilla", TOKENS, 0, later);
    add("sooner", 3, "vanilla", TOKENS, 0, later - 1);
    add("young", 6, "vanilla", 0);
    rounds(3);
    for (String expected : List.of("young", "old", "soon", "sooner")) {
      Map<String, Integer> before = new HashMap<>();
      recordings.forEach((id, recording) -> before.put(id, recording.steps.size()));
      add("instead of " + expected, 7, "vanilla", 1);
      rounds(1);
      assertThat(recordings.get(expected).steps).as(expected).hasSize(before.get(expected));
      assertThat(scheduler.evictions()).isEqualTo(recordings.size() - 4);
    }
    add("equal", 7, "vanilla", 1);
    rounds(1);
    assertThat(scheduler.evictions()).isEqualTo(4);
    finish();
    assertThat(left).containsSubsequence("sooner", "soon", "old", "young");
    assertLossless();
  }

  @Test
  void whereCachesOfTwoFitOthersWaitOrTakeTheirPlaceByPriority() {
    long two = 2 * bytes(prompts.get(1).length + TOKENS);
    schedule(8, 64, two);
    for (int i = 0; i < 4; i++) {
      add("low" + i, 1, i % 2 == 0 ? "eagle3" : "heterospec", 0);
    }
    rounds(4);
    assertThat(scheduler.evictions()).isZero();
    add("high", 1, "heterospec", 1);
    rounds(1);
    assertThat(scheduler.evictions()).isEqualTo(1);
    finish();
    assertThat(
            recordings.values().stream()
                .flatMap(recording -> recording.steps.stream())
                .mapToInt(step -> step.cycle().sequences())
                .max())
        .hasValue(2);
    assertLossless();
  }

  @Test
  void aLargeSequenceIsNotOvertakenBySmallOnes() {
    schedule(8, 64, bytes(300));
    add("small", 0, "heterospec", 0);
    rounds(1);
    add("large", 1, "heterospec", 300 - prompts.get(1).length, 0, Long.MAX_VALUE);
    promptOf.remove("large");
    Recording large = recordings.remove("large");
    for (int i = 0; i < 4; i++) {
      add("small" + i, 0, "heterospec", 0);
      rounds(1);
    }
    finish();
    assertThat(large.result().tokenIds()).hasSize(300 - prompts.get(1).length);
    assertThat(left).startsWith("small", "large");
    assertLossless();
  }

  /** Cache limit with room for one sequence of so many tokens with the largest scratch space. */
  private static long bytes(int tokens) {
    int slots = pair.policies().shape().topK() * SpeculationBudget.MAX_DEPTH;
    KvMemory head = pair.models().head().memory();
    long row = pair.models().target().memory().rowBytes() + head.rowBytes();
    return head.bytesFor(tokens + slots) / head.rowBytes() * row;
  }

  @Test
  void whatNeverFitsIsRefusedWithTheLimitItNeeds() {
    schedule(8, 64, 4L << 20);
    RequestLimits limits = new RequestLimits(pair.text(), caches);
    GenerationRequest large = GenerationRequest.of("large", prompts.get(0), sampling(0, 1000));
    for (String mode : pair.policies().names()) {
      assertThatThrownBy(() -> limits.require(large, pair.policies().named(mode)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("up to 1005 tokens")
          .hasMessageContaining("limit of 4 MiB")
          .hasMessageContaining("--cache-mb");
    }
    GenerationRequest small = GenerationRequest.of("small", prompts.get(0), sampling(0, 100));
    pair.policies().names().forEach(mode -> limits.require(small, pair.policies().named(mode)));
  }

  @Test
  void aWaitingSequenceIsCancelledAtItsDeadline() {
    schedule(1, 64, CACHE);
    add("live", 0, "vanilla", 1);
    rounds(1);
    add("next", 0, "vanilla", 1);
    add("late", 0, "vanilla", TOKENS, 0, System.currentTimeMillis());
    rounds(1);
    assertFinished(FinishReason.CANCELLED, "late");
    assertThat(left).containsExactly("late");
    finish();
    assertThat(left).containsExactly("late", "live", "next");
  }

  @Test
  void aChunkOfAPromptAndTheTreesOfOthersTakeOnePass() {
    schedule(8, 64, CACHE);
    add("decoding", 3, "heterospec", 0);
    rounds(2);
    add("long", 1, "heterospec", 0);
    Map<String, Integer> calls = new HashMap<>();
    pair.models().devices().first().probe(method -> calls.merge(method, 1, Integer::sum));
    int before = recordings.get("decoding").steps.size();
    rounds(3);
    pair.models().devices().first().probe(method -> {});
    int passes = calls.getOrDefault("prefill", 0);
    passes += calls.getOrDefault("verify_greedy", 0);
    passes += calls.getOrDefault("verify_sampled", 0);
    passes += calls.getOrDefault("run_logits", 0);
    assertThat(passes).isEqualTo(3);
    assertThat(recordings.get("decoding").steps).hasSize(before + 3);
    assertThat(recordings.get("long").steps).hasSize(1);
    finish();
    assertLossless();
  }

  @Test
  void besideAChunkNobodyWaitsForTheDraftsOfAnother() {
    schedule(8, 64, CACHE);
    add("one", 3, "budgeted", 0);
    add("other", 7, "budgeted", 0);
    rounds(2);
    assertThat(lastCycle("one").candidates()).isPositive();
    add("long", 1, "budgeted", 0);
    for (int round = 0; round < 3; round++) {
      rounds(1);
      assertThat(lastCycle("one").candidates()).isZero();
      assertThat(lastCycle("other").verified()).isEqualTo(1);
    }
    assertThat(recordings.get("long").steps).hasSize(1);
    rounds(1);
    assertThat(lastCycle("one").candidates()).isPositive();
    finish();
    assertLossless();
  }

  @Test
  void oneThatDecodesAloneBesideALongPromptGoesOnDrafting() {
    schedule(8, 64, CACHE);
    add("one", 3, "budgeted", 0);
    rounds(2);
    add("long", 1, "budgeted", 0);
    rounds(1);
    assertThat(recordings.get("long").steps).isEmpty();
    assertThat(lastCycle("one").candidates()).isPositive();
    finish();
    assertLossless();
  }

  private CycleReport lastCycle(String id) {
    List<GenerationStep> steps = recordings.get(id).steps;
    return steps.get(steps.size() - 1).cycle();
  }

  @Test
  void thePassThatCompletesAPromptGivesItsFirstToken() {
    schedule(8, 512, CACHE);
    add("first", 3, "heterospec", 0);
    rounds(1);
    CycleReport cycle = recordings.get("first").steps.get(0).cycle();
    assertThat(cycle.emitted()).isEqualTo(1);
    assertThat(cycle.candidates()).isZero();
    assertThat(cycle.verified()).isEqualTo(1);
    rounds(1);
    assertThat(recordings.get("first").steps.get(1).cycle().candidates()).isPositive();
    finish();
    assertLossless();
  }

  @Test
  void theTimePerTokenCountsFromTheFirstOne() {
    schedule(8, 512, CACHE);
    add("two", 3, "vanilla", 2, 0, Long.MAX_VALUE);
    finish();
    add("one", 3, "vanilla", 1, 0, Long.MAX_VALUE);
    finish();
    Recording two = recordings.get("two");
    assertThat(two.steps).hasSize(2);
    assertThat(two.result().secondsPerToken())
        .isBetween(two.steps.get(1).cycle().totalNanos() / 1e9, two.result().decodeNanos() / 1e9);
    assertThat(recordings.get("one").result().secondsPerToken()).isNaN();
  }

  @Test
  void aHeadThatNeverDraftsReadsBeforeTheFeaturesAreMoreThanAChunk() {
    int chunk = 16;
    schedule(8, chunk, CACHE, pair.budget(TestCosts.forbidding()));
    List<Sequence> both = List.of(add("long", 1, "budgeted", 0), add("short", 0, "budgeted", 0));
    int most = 0;
    while (!scheduler.isIdle()) {
      scheduler.round();
      for (Sequence each : both) {
        if (each.targetCache() != null) {
          most = Math.max(most, each.targetCache().length() - each.headCache().length());
        }
      }
    }
    assertThat(recordings.values())
        .flatExtracting(recording -> recording.steps)
        .allMatch(step -> step.cycle().candidates() == 0);
    assertThat(most).isBetween(chunk / 2, chunk);
    assertLossless();
  }

  @Test
  void onlyItsOwnRowsAreKeptForAHeadThatReadsLater() {
    schedule(8, 512, CACHE, pair.budget(TestCosts.forbidding()));
    add("tree", 3, "eagle3", 0);
    Sequence plain = add("plain", 0, "budgeted", 0);
    rounds(6);
    assertThat(recordings.get("tree").steps.get(4).cycle().candidates()).isPositive();
    assertThat(plain.features().subList(1, plain.features().size()))
        .hasSize(5)
        .allSatisfy(part -> assertThat(part.rows()).containsExactly(0));
    finish();
    assertLossless();
  }

  @Test
  void shortPromptsArePrefilledTogetherInTheFairOrder() {
    schedule(8, 64, CACHE);
    add("third", 1, "heterospec", 0);
    add("second", 7, "heterospec", 1);
    add("first", 3, "vanilla", 2);
    rounds(1);
    assertThat(recordings.get("first").steps).hasSize(1);
    assertThat(recordings.get("second").steps).hasSize(1);
    assertThat(recordings.get("third").steps).isEmpty();
    rounds(2);
    assertThat(recordings.get("third").steps).hasSize(1);
    finish();
    assertLossless();
  }

  @Test
  void aShortPromptDoesNotWaitForALongOneOfTheSamePriority() {
    schedule(8, 64, CACHE);
    add("long", 1, "heterospec", 0);
    add("short", 3, "heterospec", 0);
    rounds(1);
    assertThat(recordings.get("short").steps).hasSize(1);
    rounds(2);
    assertThat(recordings.get("long").steps).hasSize(1);
    finish();
    add("urgent", 1, "heterospec", 1);
    add("less", 3, "heterospec", 0);
    rounds(2);
    assertThat(recordings.get("less").steps).isEmpty();
    rounds(1);
    assertThat(recordings.get("urgent").steps).hasSize(1);
    assertThat(recordings.get("less").steps).hasSize(1);
    finish();
    assertLossless();
  }

  @Test
  void aLongPromptGoesOnBesideShortOnesOfHigherPriority() {
    schedule(8, 64, CACHE);
    add("long", 1, "vanilla", 0);
    for (int i = 0; i < 3; i++) {
      add("short" + i, 0, "vanilla", 1);
      rounds(1);
      assertThat(recordings.get("short" + i).steps).hasSize(1);
    }
    assertThat(recordings.get("long").steps).hasSize(1);
    finish();
    assertLossless();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void anyHistoryIsLossless(long seed) {
    Random random = new Random(seed);
    int chunk = new int[] {1, 7, 64, 256}[random.nextInt(4)];
    schedule(2 + random.nextInt(4), chunk, 3 * bytes(prompts.get(1).length + TOKENS));
    for (int i = 0; i < 30; i++) {
      add("r" + i, random.nextInt(prompts.size()), mode(random.nextInt(8)), random.nextInt(4));
      rounds(random.nextInt(4));
      if (random.nextInt(5) == 0) {
        scheduler.stop("r" + random.nextInt(i + 1), false);
      }
    }
    finish();
    assertThat(scheduler.evictions()).isPositive();
    assertLossless();
  }
}
