package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.engine.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BenchTest {
  private static final SamplingParams GREEDY = SamplingParams.greedy(8);
  private static final RequestRate CLOSED = new RequestRate();

  /** Prompts whose answers take 1 to {@code longest} steps. */
  private static List<BenchPrompt> prompts(int count, int longest) {
    List<BenchPrompt> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      prompts.add(new BenchPrompt(i, "c" + i % 2, new int[] {1 + i % longest}));
    }
    return prompts;
  }

  private static LoadGenerator.Outcome run(
      ScriptedEngine engine, List<BenchPrompt> prompts, Pace pace) {
    return LoadGenerator.run(engine, "eagle3", GREEDY, prompts, pace, () -> {}, null);
  }

  @Test
  void asOneEndsTheNextStartsSoThatAllPlacesAreHeldUntilTheLastPrompts() {
    ScriptedEngine engine = new ScriptedEngine(4);
    AtomicInteger ended = new AtomicInteger();
    LoadGenerator.Outcome outcome =
        LoadGenerator.run(
            engine,
            "eagle3",
            GREEDY,
            prompts(40, 5),
            Pace.closedLoop(4),
            ended::incrementAndGet,
            null);
    assertThat(outcome.generations()).hasSize(40);
    assertThat(ended).hasValue(40);
    assertThat(outcome.seconds()).isPositive();
    // Once the last was submitted, fewer are live, for at most the steps of the longest answer.
    int end = engine.liveByRound.size() - 5;
    assertThat(engine.liveByRound.subList(0, end)).containsOnly(4);
    assertThat(engine.liveByRound.subList(end, end + 5)).allMatch(live -> live <= 4);
  }

  @Test
  void aGenerationsStepsAreTimedAndItsAcceptedTokensCounted() {
    LoadGenerator.Outcome outcome = run(new ScriptedEngine(1), prompts(5, 5), Pace.closedLoop(1));
    BenchGeneration longest = outcome.generations().get(4);
    assertThat(longest.tokenIds()).hasSize(10);
    assertThat(longest.msToFirstToken()).isPositive();
    assertThat(longest.msPerToken()).hasSize(8); // the two of the first step have no gap before
    assertThat(longest.cyclesByAccepted()[1]).isEqualTo(5);
    assertThat(longest.heldNanos() / 1e9).isLessThanOrEqualTo(outcome.seconds());
    assertThat(outcome.generations().get(0).msPerToken()).isEmpty();
  }

  @Test
  void aFailedGenerationFailsTheRun() {
    List<BenchPrompt> prompts = new ArrayList<>(prompts(6, 3));
    prompts.add(3, new BenchPrompt(6, "c", new int[] {ScriptedEngine.FAILING}));
    assertThatThrownBy(() -> run(new ScriptedEngine(2), prompts, Pace.closedLoop(2)))
        .hasRootCauseMessage("out of memory")
        .hasMessageContaining("eagle3");
    assertThatThrownBy(() -> run(new ScriptedEngine(1, 2), prompts, Pace.closedLoop(2)))
        .hasMessageContaining("the engine is full");
  }

  @Test
  void inAnOpenLoopRequestsArriveAtTheirTimesThoughNoneHasEnded() {
    ScriptedEngine engine = new ScriptedEngine(20); // decodes when all 20 have arrived
    Pace arrivals = Pace.poisson(200, 3);
    long last = 0;
    for (int i = 0; i < 20; i++) {
      last = arrivals.nanosToNext(i, 0);
      arrivals.sent();
    }
    LoadGenerator.Outcome outcome = run(engine, prompts(20, 1), Pace.poisson(200, 3));
    assertThat(outcome.generations()).hasSize(20);
    assertThat(outcome.seconds()).isGreaterThanOrEqualTo(last / 1e9);
    assertThat(engine.liveByRound.get(0)).isEqualTo(20);
  }

  @Test
  void anOpenLoopEndsWithTheFirstFailureInsteadOfWaitingForFurtherArrivals() {
    List<BenchPrompt> prompts =
        List.of(
            new BenchPrompt(0, "c", new int[] {ScriptedEngine.FAILING}),
            new BenchPrompt(1, "c", new int[] {1}));
    Pace onceThenNeverAgain =
        new Pace() {
          private boolean sent;

          @Override
          public long nanosToNext(int inFlight, long elapsedNanos) {
            return sent ? TimeUnit.DAYS.toNanos(1) : 0;
          }

          @Override
          public void sent() {
            sent = true;
          }
        };
    assertThatThrownBy(() -> run(new ScriptedEngine(1), prompts, onceThenNeverAgain))
        .hasRootCauseMessage("out of memory");
  }

  @Test
  void requestsThatArriveAtARateRunInBlocksOfSeveralPromptsEvenOneAtATime() {
    ScriptedEngine engine = new ScriptedEngine(16, 1);
    RequestRate rate = new RequestRate();
    rate.perSecond = 400.;
    Bench bench = new Bench(engine, GREEDY, List.of("a", "b"), prompts(16, 1), rate, null);
    List<BenchBlock> blocks = bench.measure(1, 0, () -> {});
    assertThat(blocks).extracting(BenchBlock::mode).containsExactly("a", "b", "b", "a");
    assertThat(blocks).allSatisfy(block -> assertThat(block.generations()).hasSize(8));
  }

  @Test
  void aloneEachPromptGoesThroughAllModesInAnOrderThatRotates() {
    ScriptedEngine engine = new ScriptedEngine(1);
    Bench bench = new Bench(engine, GREEDY, List.of("a", "b", "c"), prompts(2, 2), CLOSED, null);
    assertThat(bench.measure(1, 0, () -> {})).hasSize(6);
    bench.measure(1, 1, () -> {});
    assertThat(engine.modes)
        .containsExactly("a", "b", "c", "b", "c", "a", "b", "c", "a", "c", "a", "b");
  }

  @Test
  void sideBySideBlocksOfAllCategoriesGoThroughAllModes() {
    ScriptedEngine engine = new ScriptedEngine(2);
    Bench bench = new Bench(engine, GREEDY, List.of("a", "b"), prompts(40, 3), CLOSED, null);
    List<BenchBlock> blocks = bench.measure(2, 0, () -> {});
    assertThat(blocks).extracting(BenchBlock::mode).containsExactly("a", "b", "b", "a");
    assertThat(blocks)
        .allSatisfy(
            block -> {
              assertThat(block.generations()).hasSize(20);
              assertThat(block.categories()).containsExactlyInAnyOrder("c0", "c1", Bench.ALL);
            });
  }

  @Test
  void warmingUpFillsEveryPlaceInEachMode() {
    ScriptedEngine engine = new ScriptedEngine(4);
    new Bench(engine, GREEDY, List.of("a", "b"), prompts(3, 1), CLOSED, null).warmUp(4, 2);
    assertThat(engine.modes).containsExactly("a", "a", "a", "a", "b", "b", "b", "b");
  }

  @Test
  void categoriesAreMixedInProportion() {
    List<BenchPrompt> prompts = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      prompts.add(new BenchPrompt(i, i < 6 ? "maths" : "code", new int[] {1}));
    }
    List<BenchPrompt> mixed = BenchPrompt.mixed(prompts);
    assertThat(mixed).containsExactlyInAnyOrderElementsOf(prompts);
    for (int from = 0; from < 9; from += 3) {
      assertThat(mixed.subList(from, from + 3))
          .extracting(BenchPrompt::category)
          .containsExactlyInAnyOrder("maths", "maths", "code");
    }
  }
}
