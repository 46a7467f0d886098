package io.heterospec.topology.cli;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.SamplingParams;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Runs policies side by side on one engine. The prompts are cut into blocks; each block goes
 * through all modes before the next block starts, and the order of the modes changes from block to
 * block and from repetition to repetition, so that whatever else the machine does falls on all of
 * them alike. A block is one prompt where one generation runs at a time. Where more do, it is long
 * enough that its end, where fewer are in flight, weighs little.
 */
final class Bench {
  /** The category that sums up all others. */
  static final String ALL = "all";

  /** Prompts of a block for each generation in flight. */
  private static final int PROMPTS_PER_PLACE = 8;

  private final DecodeEngine engine;
  private final SamplingParams sampling;
  private final List<String> modes;
  private final List<BenchPrompt> prompts;
  private final RequestRate rate;
  private final TraceWriter trace; // null for none

  /**
   * @param rate at which requests arrive, if they do
   * @param trace of every measured cycle, null for none
   */
  Bench(
      DecodeEngine engine,
      SamplingParams sampling,
      List<String> modes,
      List<BenchPrompt> prompts,
      RequestRate rate,
      TraceWriter trace) {
    this.rate = rate;
    this.trace = trace;
    this.engine = engine;
    this.sampling = sampling;
    this.modes = modes;
    this.prompts = BenchPrompt.mixed(prompts);
  }

  /** Runs {@code count} prompts in each mode without measuring, at least one for each place. */
  void warmUp(int concurrency, int count) {
    List<BenchPrompt> first = new ArrayList<>();
    while (first.size() < Math.max(count, concurrency)) {
      first.add(prompts.get(first.size() % prompts.size()));
    }
    for (String mode : modes) {
      LoadGenerator.run(
          engine, mode, sampling, first, Pace.closedLoop(concurrency), () -> {}, null);
    }
  }

  /**
   * Runs all prompts in all modes once.
   *
   * @param concurrency generations in flight, or where requests arrive at a rate, most that decode
   *     at a time
   * @param repetition which time this is, from 0
   * @param onEnd called for each generation that ended, on the engine's thread
   */
  List<BenchBlock> measure(int concurrency, int repetition, Runnable onEnd) {
    List<BenchBlock> measured = new ArrayList<>();
    List<List<BenchPrompt>> blocks = blocks(concurrency);
    for (int i = 0; i < blocks.size(); i++) {
      for (String mode : rotated(i + repetition)) {
        // Each mode meets the same arrivals, and the first block those that demo meets.
        Pace pace = rate.pace(concurrency, sampling.seed() + repetition * blocks.size() + i);
        LoadGenerator.Outcome outcome =
            LoadGenerator.run(engine, mode, sampling, blocks.get(i), pace, onEnd, trace);
        measured.add(
            new BenchBlock(
                mode, concurrency, repetition, outcome.seconds(), outcome.generations()));
      }
    }
    return measured;
  }

  private List<String> rotated(int turn) {
    List<String> order = new ArrayList<>(modes);
    Collections.rotate(order, -turn);
    return order;
  }

  // Blocks of nearly the same size: a short last one would be all end.
  private List<List<BenchPrompt>> blocks(int concurrency) {
    int size = prompts.size();
    boolean alone = concurrency == 1 && !rate.isOpen();
    int count = alone ? size : Math.max(1, size / (PROMPTS_PER_PLACE * concurrency));
    List<List<BenchPrompt>> blocks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      blocks.add(prompts.subList(i * size / count, (i + 1) * size / count));
    }
    return blocks;
  }
}
