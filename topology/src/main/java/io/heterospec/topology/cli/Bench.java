package io.heterospec.topology.cli;

import io.heterospec.processor.engine.BlockingGeneration;
import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.processor.engine.SamplingParams;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.processor.tree.VanillaPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * Runs policies side by side on one engine: each batch of prompts goes through all modes before the
 * next batch, so that whatever else the machine does falls on all of them alike.
 */
final class Bench {
  /** The category that sums up all others. */
  static final String ALL = "all";

  /** A prompt as token ids. */
  record Item(String category, int[] ids) {}

  private final TorchEngine engine;
  private final SamplingParams sampling;
  private final List<String> modes;
  private final Map<String, BenchRun> runs = new LinkedHashMap<>();

  Bench(TorchEngine engine, SamplingParams sampling, List<String> modes) {
    this.engine = engine;
    this.sampling = sampling;
    // Plain decoding first: the others are compared with it.
    this.modes = new ArrayList<>(modes);
    this.modes.sort((a, b) -> Boolean.compare(isVanilla(b), isVanilla(a)));
  }

  private static boolean isVanilla(String mode) {
    return mode.equals(VanillaPolicy.NAME);
  }

  /** Runs each mode once over a prompt without measuring. */
  void warmUp(Item item) {
    modes.forEach(mode -> run(mode, List.of(item), new ArrayList<>()));
  }

  /** Measures all modes over the items, {@code concurrency} at a time. */
  void measure(List<Item> items, int concurrency, Runnable onBatch) {
    Map<String, List<Item>> byCategory =
        items.stream()
            .collect(
                Collectors.groupingBy(Item::category, LinkedHashMap::new, Collectors.toList()));
    byCategory.forEach(
        (category, members) -> {
          for (int from = 0; from < members.size(); from += concurrency) {
            batch(
                category,
                members.subList(from, Math.min(members.size(), from + concurrency)),
                concurrency);
            onBatch.run();
          }
        });
  }

  private void batch(String category, List<Item> batch, int concurrency) {
    List<int[]> vanilla = null;
    for (String mode : modes) {
      List<Double> latencies = Collections.synchronizedList(new ArrayList<>());
      long start = System.nanoTime();
      List<GenerationResult> results = run(mode, batch, latencies);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (isVanilla(mode)) {
        vanilla = results.stream().map(GenerationResult::tokenIds).toList();
      }
      for (String row : List.of(category, ALL)) {
        runs.computeIfAbsent(
                mode + '/' + concurrency + '/' + row, key -> new BenchRun(mode, concurrency, row))
            .add(results, seconds, latencies, vanilla);
      }
    }
  }

  private List<GenerationResult> run(String mode, List<Item> batch, List<Double> latencies) {
    List<CompletableFuture<GenerationResult>> ends = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      GenerationRequest request =
          new GenerationRequest(
              "bench-" + i,
              batch.get(i).ids(),
              new int[0],
              sampling,
              mode,
              0,
              Long.MAX_VALUE,
              false);
      long[] last = {System.nanoTime()};
      ends.add(BlockingGeneration.start(engine, request, step -> note(step, last, latencies)));
    }
    List<GenerationResult> results = ends.stream().map(CompletableFuture::join).toList();
    for (GenerationResult result : results) {
      if (result.finishReason() == FinishReason.FAILED) {
        throw new IllegalStateException(mode + ": " + result.errorMessage());
      }
    }
    return results;
  }

  private static void note(GenerationStep step, long[] last, List<Double> latencies) {
    long now = System.nanoTime();
    int tokens = step.tokenIds().length;
    double each = (now - last[0]) / 1e6 / tokens;
    last[0] = now;
    latencies.addAll(Collections.nCopies(tokens, each));
  }

  /** All rows measured so far. */
  List<BenchRun> runs() {
    return List.copyOf(runs.values());
  }
}
