package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BenchRunTest {

  private static BenchBlock block(double seconds, BenchGeneration... generations) {
    return new BenchBlock("eagle3", 2, 0, seconds, List.of(generations));
  }

  @Test
  void sumsAndRatiosAreOverAllBlocks() {
    BenchRun run = new BenchRun();
    run.add(block(0.5, Generations.of(0, "maths", 0.5, 2, 1, 2, 3, 4)));
    run.add(block(1.5, Generations.of(1, "maths", 1.5, 1, 5, 6)));
    assertThat(run.outputTokens()).isEqualTo(6);
    assertThat(run.tokensPerSecond()).isEqualTo(3);
    assertThat(run.meanAcceptanceLength()).isEqualTo(2);
    assertThat(run.verifiedTokens()).isEqualTo(27);
    assertThat(run.meanInFlight()).isEqualTo(1);
    assertThat(run.differing(Map.of(0, new int[] {1, 2, 3, 4}, 1, new int[] {5, 6}))).isZero();
    assertThat(run.differing(Map.of(0, new int[] {1, 2, 3, 4}, 1, new int[] {5}))).isOne();
  }

  @Test
  void acceptanceByDepthIsTheShareOfCyclesThatReachIt() {
    BenchRun run = new BenchRun();
    run.add(block(1, Generations.of(0, "maths", 1, 4, 1), Generations.of(1, "code", 1, 1, 1)));
    // Cycles accepted 0, 1, 2, 3 and 0 draft tokens.
    assertThat(IntStream.rangeClosed(1, 4).mapToDouble(run::acceptedAtLeast))
        .containsExactly(0.6, 0.4, 0.2, 0.0);
    assertThat(new BenchRun().acceptedAtLeast(1)).isZero();
  }

  @Test
  void latencyIsOverTokensAndTheFirstTokenStandsApart() {
    BenchRun run = new BenchRun();
    run.add(block(1, Generations.of(0, "maths", 1, 1, 1), Generations.of(1, "code", 1, 1, 1)));
    assertThat(run.msPerToken(0.5)).isEqualTo(2); // of 1, 2, 2, 3
    assertThat(run.msPerToken(0.99)).isEqualTo(3);
    assertThat(run.msToFirstToken(0.5)).isEqualTo(10);
    assertThat(run.msToFirstToken(0.99)).isEqualTo(20);
    assertThat(new BenchRun().msPerToken(0.5)).isZero();
  }

  @Test
  void timePerOutputTokenIsOverAWholeGenerationWithoutItsFirstStep() {
    BenchRun run = new BenchRun();
    // Two tokens each after the first step; the first steps came after 10 and 20 ms.
    run.add(block(1, Generations.of(0, "maths", 1, 1, 1), Generations.of(1, "code", 2, 1, 1)));
    assertThat(run.msPerOutputToken(0.5)).isEqualTo(495);
    assertThat(run.msPerOutputToken(0.99)).isEqualTo(990);
    assertThat(new BenchRun().msPerOutputToken(0.5)).isZero();
  }

  @Test
  void whatRanSideBySideSharesTheTimeAsItHeldTheEngine() {
    BenchBlock block =
        block(
            2,
            Generations.of(0, "maths", 2, 1, 1, 2),
            Generations.of(1, "code", 1.5, 1, 3),
            Generations.of(2, "code", 0.5, 1, 4));
    BenchRun maths = new BenchRun();
    maths.add(block.of("maths"));
    assertThat(maths.seconds()).isCloseTo(1, within(1e-9));
    assertThat(maths.tokensPerSecond()).isCloseTo(2, within(1e-9));
    BenchRun code = new BenchRun();
    code.add(block.of("code"));
    assertThat(code.generations()).isEqualTo(2);
    assertThat(code.seconds()).isCloseTo(1, within(1e-9));
    assertThat(block.of(Bench.ALL)).isEqualTo(block);
    assertThat(block.categories()).containsExactly("maths", "code", Bench.ALL);
  }

  @Test
  void quantilesAreNearestRanksAndMediansMiddles() {
    double[] values = IntStream.rangeClosed(1, 100).mapToDouble(i -> 101 - i).toArray();
    assertThat(Quantiles.nearestRank(values, 0.5)).isEqualTo(50);
    assertThat(Quantiles.nearestRank(values, 0.99)).isEqualTo(99);
    assertThat(Quantiles.nearestRank(new double[] {7}, 0.01)).isEqualTo(7);
    assertThat(Quantiles.median(new double[] {9, 1, 5})).isEqualTo(5);
    assertThat(Quantiles.median(new double[] {9, 1, 5, 7})).isEqualTo(6);
    assertThat(Quantiles.median(new double[0])).isZero();
  }
}
