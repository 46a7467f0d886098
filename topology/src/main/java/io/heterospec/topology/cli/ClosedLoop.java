package io.heterospec.topology.cli;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.processor.engine.SamplingParams;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * Closed-loop load: a fixed number of generations are in flight, and as one ends the next prompt is
 * submitted, from the engine's own thread, so that no round of the engine runs without it. Only
 * after the last prompt was submitted do fewer run.
 */
final class ClosedLoop {
  /**
   * @param seconds wall time from the first submission to the last end
   */
  record Outcome(double seconds, List<BenchGeneration> generations) {}

  private final DecodeEngine engine;
  private final String mode;
  private final SamplingParams sampling;
  private final Runnable onEnd;
  private final TraceWriter trace; // null for none
  private final int total;
  private final Queue<BenchPrompt> waiting; // guarded by this
  private final List<BenchGeneration> ended = new ArrayList<>(); // guarded by this
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  private ClosedLoop(
      DecodeEngine engine,
      String mode,
      SamplingParams sampling,
      Collection<BenchPrompt> prompts,
      Runnable onEnd,
      TraceWriter trace) {
    this.engine = engine;
    this.mode = mode;
    this.sampling = sampling;
    this.onEnd = onEnd;
    this.trace = trace;
    this.total = prompts.size();
    this.waiting = new ArrayDeque<>(prompts);
  }

  /**
   * Generates for all prompts and returns when the last has ended.
   *
   * @param prompts at least one, submitted in this order
   * @param concurrency generations in flight
   * @param onEnd called for each generation that ended, on the engine's thread
   * @param trace of every cycle, null for none
   * @throws java.util.concurrent.CompletionException when a generation fails
   */
  static Outcome run(
      DecodeEngine engine,
      String mode,
      SamplingParams sampling,
      Collection<BenchPrompt> prompts,
      int concurrency,
      Runnable onEnd,
      TraceWriter trace) {
    ClosedLoop loop = new ClosedLoop(engine, mode, sampling, prompts, onEnd, trace);
    long start = System.nanoTime();
    for (int i = 0; i < concurrency; i++) {
      loop.submitNext();
    }
    loop.done.join();
    return new Outcome((System.nanoTime() - start) / 1e9, List.copyOf(loop.ended));
  }

  private void submitNext() {
    BenchPrompt prompt;
    int number;
    synchronized (this) {
      number = total - waiting.size();
      prompt = done.isDone() ? null : waiting.poll();
    }
    if (prompt == null) {
      return;
    }
    GenerationRequest request =
        new GenerationRequest(
            "bench-%s-%d-%d".formatted(mode, prompt.index(), number),
            prompt.ids(),
            new int[0],
            sampling,
            mode,
            0,
            Long.MAX_VALUE,
            trace != null);
    GenerationListener timer = new GenerationTimer(prompt, this::end, this::fail);
    try {
      if (!engine.submit(request, trace == null ? timer : traced(timer, prompt))) {
        fail(new IllegalStateException("the engine is full; it must take what is in flight"));
      }
    } catch (RuntimeException e) {
      fail(e); // on the engine's thread nobody else would hear of it
    }
  }

  private GenerationListener traced(GenerationListener timer, BenchPrompt prompt) {
    return new GenerationListener() {
      @Override
      public void onStep(GenerationStep step) {
        timer.onStep(step);
        trace.write(step, prompt.ids().length, prompt.category());
      }

      @Override
      public void onFinished(GenerationResult result) {
        timer.onFinished(result);
      }
    };
  }

  private void end(BenchGeneration generation) {
    submitNext();
    boolean last;
    synchronized (this) {
      ended.add(generation);
      last = ended.size() == total;
    }
    onEnd.run();
    if (last) {
      done.complete(null);
    }
  }

  private void fail(RuntimeException cause) {
    done.completeExceptionally(new IllegalStateException(mode + ": " + cause.getMessage(), cause));
  }
}
