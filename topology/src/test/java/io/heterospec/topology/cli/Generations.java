package io.heterospec.topology.cli;

import java.util.Arrays;

/** Measured generations for tests. */
final class Generations {
  private Generations() {}

  /** One that took {@code seconds} in {@code calls} cycles; cycle {@code i} accepted {@code i}. */
  static BenchGeneration of(int index, String category, double seconds, int calls, int... tokens) {
    long[] accepted = new long[calls];
    Arrays.fill(accepted, 1);
    return new BenchGeneration(
        new BenchPrompt(index, category, new int[] {1}),
        tokens,
        calls,
        9L * calls,
        accepted,
        (long) (seconds * 1e9),
        10 * (index + 1),
        new double[] {index + 1, index + 2});
  }
}
