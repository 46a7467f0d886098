package io.heterospec.topology.cli;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.processor.engine.SamplingParams;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

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

  private final DecodeEngine engine;
  private final String mode;
  private final SamplingParams sampling;
  private final Runnable onEnd;
  private final TraceWriter trace; // null for none
  private final int total;
  private final PacedQueue<BenchPrompt> waiting; // guarded by this
  private final List<BenchGeneration> ended = new ArrayList<>(); // guarded by this
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final AtomicInteger submitted = new AtomicInteger(); // part of ids: prompts may repeat

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
    this.onEnd = onEnd;
    this.trace = trace;
    this.total = prompts.size();
    this.waiting = new PacedQueue<>(prompts, pace);
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
    return new Outcome(load.waiting.seconds(), List.copyOf(load.ended));
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
    return waiting.nanosToNext(inFlight());
  }

  private int inFlight() {
    return total - waiting.size() - ended.size();
  }

  private void submitDue() {
    for (BenchPrompt next = takeDue(); next != null; next = takeDue()) {
      submit(next);
    }
  }

  private synchronized BenchPrompt takeDue() {
    return done.isDone() ? null : waiting.takeDue(inFlight());
  }

  private void submit(BenchPrompt prompt) {
    GenerationRequest request =
        new GenerationRequest(
            "bench-%s-%d-%d".formatted(mode, prompt.index(), submitted.getAndIncrement()),
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
