package io.heterospec.topology.cli;

import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;

/** Times one generation from this object's creation. Its events come on the engine's thread. */
final class GenerationTimer implements GenerationListener {
  private final BenchPrompt prompt;
  private final Consumer<BenchGeneration> onEnd;
  private final Consumer<RuntimeException> onFailure;
  private final long start = System.nanoTime();
  private final DoubleStream.Builder msPerToken = DoubleStream.builder();
  private long[] cyclesByAccepted = new long[BenchRun.DEPTHS + 1];
  private double msToFirstToken;
  private long lastStep;

  GenerationTimer(
      BenchPrompt prompt, Consumer<BenchGeneration> onEnd, Consumer<RuntimeException> onFailure) {
    this.prompt = prompt;
    this.onEnd = onEnd;
    this.onFailure = onFailure;
  }

  @Override
  public void onStep(GenerationStep step) {
    long now = System.nanoTime();
    if (lastStep == 0) {
      msToFirstToken = (now - start) / 1e6;
    } else {
      int tokens = step.tokenIds().length;
      double each = (now - lastStep) / 1e6 / tokens;
      for (int i = 0; i < tokens; i++) {
        msPerToken.add(each);
      }
    }
    lastStep = now;
    count(step.cycle().accepted());
  }

  private void count(int accepted) {
    if (accepted >= cyclesByAccepted.length) {
      cyclesByAccepted = Arrays.copyOf(cyclesByAccepted, accepted + 1);
    }
    cyclesByAccepted[accepted]++;
  }

  @Override
  public void onFinished(GenerationResult result) {
    if (result.finishReason() == FinishReason.FAILED) {
      onFailure.accept(new IllegalStateException(result.errorMessage()));
      return;
    }
    onEnd.accept(
        new BenchGeneration(
            prompt,
            result.tokenIds(),
            result.targetCalls(),
            result.verifiedTokens(),
            cyclesByAccepted,
            System.nanoTime() - start,
            msToFirstToken,
            msPerToken.build().toArray()));
  }
}
