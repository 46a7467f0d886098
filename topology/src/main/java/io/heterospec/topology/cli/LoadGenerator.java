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
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Submits prompts to an engine at a pace. What follows the end of another generation is submitted
 * from the engine's own thread, so that no round of the engine runs without it; what arrives at a
 * time of its own, from the caller's.
 */
final class LoadGenerator {
  /**
   * @param seconds wall time from the start to the last end
   */
  record Outcome(double seconds, List<BenchGeneration> generations) {}

  private record Numbered(int number, BenchPrompt prompt) {}

  private final DecodeEngine engine;
  private final String mode;
  private final SamplingParams sampling;
  private final Runnable onEnd;
  private final TraceWriter trace; // null for none
  private final int total;
  private final Pace pace; // guarded by this
  private final Queue<BenchPrompt> waiting; // guarded by this
  private final List<BenchGeneration> ended = new ArrayList<>(); // guarded by this
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final long start = System.nanoTime();

  private LoadGenerator(
      DecodeEngine engine,
      String mode,
      SamplingParams sampling,
      Collection<BenchPrompt> prompts,
      Pace pace,
      Runnable onEnd,
      TraceWriter trace) {
    this.engine = engine;
    this.mode = mode;
    this.sampling = sampling;
    this.pace = pace;
    this.onEnd = onEnd;
    this.trace = trace;
    this.total = prompts.size();
    this.waiting = new ArrayDeque<>(prompts);
  }

  /**
   * Generates for all prompts and returns when the last has ended.
   *
   * @param prompts at least one, submitted in this order
   * @param onEnd called for each generation that ended, on the engine's thread
   * @param trace of every cycle, null for none
   * @throws CompletionException when a generation fails
   */
  static Outcome run(
      DecodeEngine engine,
      String mode,
      SamplingParams sampling,
      Collection<BenchPrompt> prompts,
      Pace pace,
      Runnable onEnd,
      TraceWriter trace) {
    LoadGenerator load = new LoadGenerator(engine, mode, sampling, prompts, pace, onEnd, trace);
    load.awaitEnd();
    return new Outcome((System.nanoTime() - load.start) / 1e9, List.copyOf(load.ended));
  }

  private void awaitEnd() {
    while (true) {
      submitDue();
      try {
        done.get(nanosToNext(), TimeUnit.NANOSECONDS);
        return;
      } catch (TimeoutException due) {
        continue; // the next is due
      } catch (ExecutionException e) {
        throw new CompletionException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CompletionException(e);
      }
    }
  }

  private synchronized long nanosToNext() {
    return waiting.isEmpty()
        ? Pace.UNTIL_ONE_ENDS
        : pace.nanosToNext(inFlight(), System.nanoTime() - start);
  }

  private int inFlight() {
    return total - waiting.size() - ended.size();
  }

  private void submitDue() {
    for (Numbered next = takeDue(); next != null; next = takeDue()) {
      submit(next);
    }
  }

  private synchronized Numbered takeDue() {
    if (done.isDone() || nanosToNext() > 0) {
      return null;
    }
    pace.sent();
    return new Numbered(total - waiting.size(), waiting.remove());
  }

  private void submit(Numbered next) {
    BenchPrompt prompt = next.prompt();
    GenerationRequest request =
        new GenerationRequest(
            "bench-%s-%d-%d".formatted(mode, prompt.index(), next.number()),
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
    boolean last;
    synchronized (this) {
      ended.add(generation);
      last = ended.size() == total;
    }
    submitDue();
    onEnd.run();
    if (last) {
      done.complete(null);
    }
  }

  private void fail(RuntimeException cause) {
    done.completeExceptionally(new IllegalStateException(mode + ": " + cause.getMessage(), cause));
  }
}
