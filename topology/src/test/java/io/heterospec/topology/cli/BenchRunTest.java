package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.engine.GenerationResult;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BenchRunTest {

  private static GenerationResult result(int calls, int... tokens) {
    return new GenerationResult(
        "r",
        FinishReason.LENGTH,
        null,
        null,
        false,
        tokens,
        "",
        "",
        3,
        calls,
        9L * calls,
        16L * calls,
        tokens.length - calls,
        0,
        0,
        0);
  }

  @Test
  void sumsAndRatiosAreOverAllBatches() {
    BenchRun run = new BenchRun("eagle3", 2, "maths");
    run.add(
        List.of(result(2, 1, 2, 3, 4)), 0.5, List.of(1.0, 1.0), List.of(new int[] {1, 2, 3, 4}));
    run.add(List.of(result(1, 5, 6)), 1.5, List.of(3.0), List.of(new int[] {5, 6}));
    assertThat(run.outputTokens()).isEqualTo(6);
    assertThat(run.tokensPerSecond()).isEqualTo(3);
    assertThat(run.meanAcceptanceLength()).isEqualTo(2);
    assertThat(run.verifiedTokens()).isEqualTo(27);
    assertThat(run.identical()).isTrue();
    run.add(List.of(result(1, 7)), 1, List.of(), List.of(new int[] {8}));
    assertThat(run.identical()).isFalse();
  }

  @Test
  void percentilesAreOverTokens() {
    BenchRun run = new BenchRun("vanilla", 1, "all");
    List<Double> latencies = IntStream.rangeClosed(1, 100).mapToObj(i -> (double) i).toList();
    run.add(List.of(), 1, latencies, List.of());
    assertThat(run.percentile(0.5)).isEqualTo(51);
    assertThat(run.percentile(0.99)).isEqualTo(100);
    assertThat(new BenchRun("vanilla", 1, "all").percentile(0.5)).isZero();
  }

  @Test
  void withoutVanillaNothingIsSaidOfIdentity() {
    BenchRun run = new BenchRun("eagle3", 1, "all");
    assertThat(run.toJson(false).get("identical_to_vanilla").isNull()).isTrue();
  }
}
