package io.heterospec.processor.simulate;

import io.heterospec.processor.tree.AcceptedPath;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.Draft;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.EntropyCalibration;
import io.heterospec.processor.tree.SurvivalCalibration;
import io.heterospec.processor.tree.SurvivalCounts;
import io.heterospec.processor.tree.TreeShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Entropy bins and survival counts as calibration with a tree of that shape would find them, from
 * surveyed texts.
 *
 * @param bins entropy bins
 * @param survival how often draft nodes were accepted, by those bins
 */
public record SurveyCalibration(EntropyBins bins, SurvivalCounts survival) {

  /** A cycle of the fixed-tree decoder. */
  private record Cycle(
      double entropy, int[] tokens, int[] parents, double[] confidences, int[] following) {}

  /**
   * Decodes the texts with the fixed tree.
   *
   * @throws IllegalStateException when too few cycles were fully accepted
   */
  public static SurveyCalibration of(List<SurveyedText> texts, TreeShape shape, CostTable costs) {
    EntropyCalibration calibration = new EntropyCalibration(shape);
    List<Cycle> cycles = new ArrayList<>();
    Replay.run(
        texts,
        new Eagle3Policy(shape),
        null,
        costs,
        1,
        (sequence, path) -> {
          // Trees cut short by the length limit have another entropy than full ones.
          if (sequence.draft.depth() == shape.depth()) {
            add(calibration, sequence, path);
            cycles.add(cycle(sequence));
          }
        });
    EntropyBins bins = calibration.fit("");
    SurvivalCalibration survival = new SurvivalCalibration(bins);
    for (Cycle cycle : cycles) {
      survival.add(
          cycle.entropy(), cycle.tokens(), cycle.parents(), cycle.confidences(), cycle.following());
    }
    return new SurveyCalibration(bins, survival.counts());
  }

  private static void add(
      EntropyCalibration calibration, ReplayedSequence sequence, AcceptedPath path) {
    Draft drafted = sequence.drafted();
    int end = sequence.verify.rowOf(drafted.metaPathEnd());
    calibration.add(
        drafted.assessment().entropy(),
        end < 0 ? -1 : sequence.verify.rankOf(drafted.metaPathEnd()),
        end > 0 && path.reached(end));
  }

  private static Cycle cycle(ReplayedSequence sequence) {
    DraftTree tree = sequence.draft;
    int[] tokens = new int[tree.size()];
    int[] parents = new int[tree.size()];
    double[] confidences = new double[tree.size()];
    for (int node = 0; node < tree.size(); node++) {
      tokens[node] = tree.token(node);
      parents[node] = tree.parent(node);
      confidences[node] = Math.exp(tree.logConfidence(node));
    }
    int[] text = sequence.text.tokens();
    int[] following = Arrays.copyOfRange(text, sequence.position(), text.length);
    return new Cycle(
        sequence.drafted().assessment().entropy(), tokens, parents, confidences, following);
  }
}
