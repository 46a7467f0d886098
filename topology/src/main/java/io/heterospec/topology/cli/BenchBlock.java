package io.heterospec.topology.cli;

import java.util.List;
import java.util.stream.Stream;

/**
 * Some prompts that ran one after the other in one mode.
 *
 * @param repetition index of the repetition, from 0
 * @param seconds wall time of all its generations
 */
record BenchBlock(
    String mode,
    int concurrency,
    int repetition,
    double seconds,
    List<BenchGeneration> generations) {

  /** Its categories, and the one that sums them up. */
  List<String> categories() {
    return Stream.concat(
            generations.stream().map(generation -> generation.prompt().category()),
            Stream.of(Bench.ALL))
        .distinct()
        .toList();
  }

  /**
   * The part of the block that a category holds. Where categories run side by side there is no wall
   * time of each: a category's seconds are then the share of the wall time that its generations
   * were in flight for, of all generations' time in flight. So the categories' seconds add up to
   * the block's, and a category's tokens per second is the rate at which the engine would make
   * tokens if all its places were held as the category's are.
   */
  BenchBlock of(String category) {
    if (category.equals(Bench.ALL)) {
      return this;
    }
    List<BenchGeneration> held =
        generations.stream()
            .filter(generation -> generation.prompt().category().equals(category))
            .toList();
    double share = (double) heldNanos(held) / heldNanos(generations);
    return new BenchBlock(mode, concurrency, repetition, seconds * share, held);
  }

  private static long heldNanos(List<BenchGeneration> generations) {
    return generations.stream().mapToLong(BenchGeneration::heldNanos).sum();
  }
}
