package io.heterospec.processor.engine;

import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.EntropyCalibration;
import io.heterospec.processor.tree.SurvivalCalibration;
import io.heterospec.processor.tree.SurvivalCounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** Learns entropy bins and survival by running the fixed-tree decoder over a corpus of prompts. */
public final class Calibrator {
  private Calibrator() {}

  /**
   * What a calibration learned.
   *
   * @param bins entropy bins
   * @param survival how often draft nodes were accepted, by those bins
   */
  public record Learned(EntropyBins bins, SurvivalCounts survival) {}

  /** A cycle and where its root stands in the text of its generation. */
  private record Cycle(int generation, int rootOffset, CycleReport report) {}

  /**
   * Decodes every prompt greedily with the fixed tree and fits bins to what was seen, then counts
   * by those bins which nodes survived.
   *
   * @param prompts token ids of each prompt
   * @param maxTokens tokens generated after each
   * @param onPrompt called with the number of prompts done
   * @throws IllegalStateException when too few cycles were fully accepted, or a generation failed
   */
  public static Learned run(
      TorchEngine engine, List<int[]> prompts, int maxTokens, IntConsumer onPrompt) {
    EntropyCalibration calibration = new EntropyCalibration(engine.shape());
    List<Cycle> cycles = new ArrayList<>();
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int generation = i;
      GenerationRequest request =
          new GenerationRequest(
              "calibrate-" + i,
              prompts.get(i),
              new int[0],
              SamplingParams.greedy(maxTokens),
              Eagle3Policy.NAME,
              0,
              Long.MAX_VALUE,
              true);
      GenerationResult result =
          BlockingGeneration.run(
              engine,
              request,
              step -> {
                CycleReport report = step.cycle();
                // Trees cut short by the length limit have another entropy than full ones.
                if (report.depth() == engine.shape().depth()) {
                  calibration.add(
                      report.entropy(), report.terminalRank(), report.metaPathAccepted());
                  cycles.add(new Cycle(generation, step.tokenOffset(), report));
                }
              });
      if (result.finishReason() == FinishReason.FAILED) {
        throw new IllegalStateException(
            "calibration stopped at prompt " + (i + 1) + ": " + result.errorMessage());
      }
      texts.add(result.tokenIds());
      onPrompt.accept(i + 1);
    }
    EntropyBins bins = calibration.fit(engine.model().fingerprint());
    SurvivalCalibration survival = new SurvivalCalibration(bins);
    for (Cycle cycle : cycles) {
      int[] text = texts.get(cycle.generation());
      add(survival, cycle.report(), Arrays.copyOfRange(text, cycle.rootOffset(), text.length));
    }
    return new Learned(bins, survival.counts());
  }

  private static void add(SurvivalCalibration survival, CycleReport report, int[] following) {
    List<CycleReport.Node> nodes = report.tree();
    survival.add(
        report.entropy(),
        nodes.stream().mapToInt(CycleReport.Node::token).toArray(),
        nodes.stream().mapToInt(CycleReport.Node::parent).toArray(),
        nodes.stream().mapToDouble(CycleReport.Node::confidence).toArray(),
        following);
  }
}
