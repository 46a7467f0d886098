package io.heterospec.processor.engine;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Runs one generation to its end on the calling thread's time: for command lines and tests. */
public final class BlockingGeneration {
  private BlockingGeneration() {}

  /**
   * Offers a generation and waits for its end.
   *
   * @param onStep called on the engine's thread for every step
   * @return the result, a failed one where the engine dies; an engine that is closed meanwhile
   *     gives none, and the call never returns
   * @throws IllegalStateException when the engine is full
   */
  public static GenerationResult run(
      DecodeEngine engine, GenerationRequest request, Consumer<GenerationStep> onStep) {
    return start(engine, request, onStep).join();
  }

  /** The same without waiting. */
  public static CompletableFuture<GenerationResult> start(
      DecodeEngine engine, GenerationRequest request, Consumer<GenerationStep> onStep) {
    CompletableFuture<GenerationResult> end = new CompletableFuture<>();
    boolean taken =
        engine.submit(
            request,
            new GenerationListener() {
              @Override
              public void onStep(GenerationStep step) {
                onStep.accept(step);
              }

              @Override
              public void onFinished(GenerationResult result) {
                end.complete(result);
              }
            });
    if (!taken) {
      throw new IllegalStateException("the engine is full; wait for a generation to end");
    }
    return end;
  }
}
