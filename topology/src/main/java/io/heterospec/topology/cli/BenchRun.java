package io.heterospec.topology.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What one repetition measured for one mode at one concurrency over the prompts of a category. */
final class BenchRun {
  /** Depths for which acceptance is told: 1 to this. */
  static final int DEPTHS = 8;

  private final List<BenchGeneration> generations = new ArrayList<>();
  private double seconds;

  void add(BenchBlock block) {
    seconds += block.seconds();
    generations.addAll(block.generations());
  }

  double seconds() {
    return seconds;
  }

  int generations() {
    return generations.size();
  }

  long outputTokens() {
    return generations.stream().mapToLong(generation -> generation.tokenIds().length).sum();
  }

  long targetCalls() {
    return generations.stream().mapToLong(BenchGeneration::targetCalls).sum();
  }

  long verifiedTokens() {
    return generations.stream().mapToLong(BenchGeneration::verifiedTokens).sum();
  }

  double tokensPerSecond() {
    return seconds == 0 ? 0 : outputTokens() / seconds;
  }

  double meanAcceptanceLength() {
    return targetCalls() == 0 ? 0 : (double) outputTokens() / targetCalls();
  }

  /** Generations in flight, averaged over the time: below the concurrency because of block ends. */
  double meanInFlight() {
    long held = generations.stream().mapToLong(BenchGeneration::heldNanos).sum();
    return seconds == 0 ? 0 : held / 1e9 / seconds;
  }

  /** Milliseconds per token after the first that a share of the tokens does not exceed. */
  double msPerToken(double share) {
    return Quantiles.nearestRank(
        generations.stream().flatMapToDouble(g -> Arrays.stream(g.msPerToken())).toArray(), share);
  }

  /**
   * Milliseconds per output token of a generation that a share of the generations does not exceed.
   */
  double msPerOutputToken(double share) {
    return Quantiles.nearestRank(
        generations.stream()
            .mapToDouble(BenchGeneration::msPerOutputToken)
            .filter(Double::isFinite)
            .toArray(),
        share);
  }

  /** Milliseconds to the first token that a share of the generations does not exceed. */
  double msToFirstToken(double share) {
    return Quantiles.nearestRank(
        generations.stream().mapToDouble(BenchGeneration::msToFirstToken).toArray(), share);
  }

  /** Share of the cycles in which at least {@code depth} draft tokens were accepted. */
  double acceptedAtLeast(int depth) {
    long cycles = 0;
    long deep = 0;
    for (BenchGeneration generation : generations) {
      long[] counts = generation.cyclesByAccepted();
      for (int accepted = 0; accepted < counts.length; accepted++) {
        cycles += counts[accepted];
        deep += accepted >= depth ? counts[accepted] : 0;
      }
    }
    return cycles == 0 ? 0 : (double) deep / cycles;
  }

  /** Generations whose tokens are not those given for their prompt. */
  int differing(Map<Integer, int[]> expected) {
    return (int)
        generations.stream()
            .filter(g -> !Arrays.equals(g.tokenIds(), expected.get(g.prompt().index())))
            .count();
  }
}
