package io.heterospec.processor.engine;

import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.EntropyCalibration;
import java.util.List;
import java.util.function.IntConsumer;

/** Learns entropy bins by running the fixed-tree decoder over a corpus of prompts. */
public final class Calibrator {
  private Calibrator() {}

  /**
   * Decodes every prompt greedily with the fixed tree and fits bins to what was seen.
   *
   * @param prompts token ids of each prompt
   * @param maxTokens tokens generated after each
   * @param onPrompt called with the number of prompts done
   * @throws IllegalStateException when too few cycles were fully accepted, or a generation failed
   */
  public static EntropyBins run(
      TorchEngine engine, List<int[]> prompts, int maxTokens, IntConsumer onPrompt) {
    EntropyCalibration calibration = new EntropyCalibration(engine.shape());
    for (int i = 0; i < prompts.size(); i++) {
      GenerationRequest request =
          new GenerationRequest(
              "calibrate-" + i,
              prompts.get(i),
              new int[0],
              SamplingParams.greedy(maxTokens),
              Eagle3Policy.NAME,
              0,
              Long.MAX_VALUE,
              false);
      GenerationResult result =
          BlockingGeneration.run(engine, request, step -> add(calibration, engine, step.cycle()));
      if (result.finishReason() == FinishReason.FAILED) {
        throw new IllegalStateException(
            "calibration stopped at prompt " + (i + 1) + ": " + result.errorMessage());
      }
      onPrompt.accept(i + 1);
    }
    return calibration.fit(engine.model().fingerprint());
  }

  // Trees cut short by the length limit have another entropy than full ones.
  private static void add(EntropyCalibration calibration, TorchEngine engine, CycleReport cycle) {
    if (cycle.depth() == engine.shape().depth()) {
      calibration.add(cycle.entropy(), cycle.terminalRank(), cycle.metaPathAccepted());
    }
  }
}
