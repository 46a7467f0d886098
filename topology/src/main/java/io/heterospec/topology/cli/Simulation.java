package io.heterospec.topology.cli;

import io.heterospec.processor.simulate.OracleBound;
import io.heterospec.processor.simulate.Replay;
import io.heterospec.processor.simulate.SurveyCalibration;
import io.heterospec.processor.simulate.SurveyedText;
import io.heterospec.processor.tree.BudgetOptions;
import io.heterospec.processor.tree.BudgetedPolicy;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.EntropyBinsFile;
import io.heterospec.processor.tree.HeteroSpecOptions;
import io.heterospec.processor.tree.HeteroSpecPolicy;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.SurvivalCounts;
import io.heterospec.processor.tree.SurvivalFile;
import io.heterospec.processor.tree.SurvivalModel;
import io.heterospec.processor.tree.TreePolicy;
import io.heterospec.processor.tree.TreeShape;
import io.heterospec.processor.tree.VanillaPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Surveyed texts and all that policies need to decode them again.
 *
 * @param bins null where none fit the tree: only policies that need none can run
 * @param survival of those bins
 */
record Simulation(
    TreeShape shape,
    HeteroSpecOptions heteroSpec,
    BudgetOptions budget,
    EntropyBins bins,
    SurvivalCounts survival,
    CostTable costs,
    List<SurveyedText> texts) {
  /** The most that any policy could reach with the head. */
  static final String ORACLE = "oracle";

  /** The same with drafts that cost nothing. */
  static final String FREE_ORACLE = "oracle, free drafts";

  /** A simulation with what calibration left beside the head. */
  static Simulation of(
      Path head,
      TreeShape shape,
      HeteroSpecOptions heteroSpec,
      Map<String, Double> budget,
      CostTable costs,
      List<SurveyedText> texts)
      throws IOException {
    Path binsFile = head.resolve(EntropyBinsFile.NAME);
    EntropyBins bins = Files.isRegularFile(binsFile) ? EntropyBinsFile.read(binsFile) : null;
    SurvivalCounts survival = null;
    if (bins != null && bins.fits(shape)) {
      Path survivalFile = head.resolve(SurvivalFile.NAME);
      survival =
          Files.isRegularFile(survivalFile)
              ? SurvivalFile.read(survivalFile).counts()
              : SurvivalCounts.empty(bins.count(), shape.topK());
    } else {
      bins = null;
    }
    return new Simulation(
        shape, heteroSpec, BudgetOptions.with(budget), bins, survival, costs, texts);
  }

  /** The same with bins and survival learned from other texts. */
  Simulation calibratedOn(List<SurveyedText> others) {
    SurveyCalibration learned = SurveyCalibration.of(others, shape, costs);
    return new Simulation(
        shape, heteroSpec, budget, learned.bins(), learned.survival(), costs, texts);
  }

  SimulatedRun run(String mode, int concurrency) {
    SpeculationBudget shared =
        mode.equals(BudgetedPolicy.NAME)
            ? new SpeculationBudget(
                costs, new SurvivalModel(requireBins(), shape.topK(), survival, budget))
            : null;
    return new SimulatedRun(
        mode, concurrency, Replay.run(texts, policy(mode), shared, costs, concurrency));
  }

  /** Bounds of what any policy can reach at concurrency 1. */
  List<SimulatedRun> bounds() {
    return List.of(
        new SimulatedRun(ORACLE, 1, new Replay(new OracleBound(costs, false).of(texts), 0)),
        new SimulatedRun(FREE_ORACLE, 1, new Replay(new OracleBound(costs, true).of(texts), 0)));
  }

  private TreePolicy policy(String mode) {
    return switch (mode) {
      case VanillaPolicy.NAME -> new VanillaPolicy();
      case Eagle3Policy.NAME -> new Eagle3Policy(shape);
      case HeteroSpecPolicy.NAME -> new HeteroSpecPolicy(shape, requireBins(), heteroSpec);
      case BudgetedPolicy.NAME -> new BudgetedPolicy(shape);
      default ->
          throw new UsageException(
              "mode '%s' cannot be simulated; use vanilla, eagle3, heterospec or budgeted"
                  .formatted(mode));
    };
  }

  private EntropyBins requireBins() {
    if (bins == null) {
      throw new UsageException(
          "the entropy bins beside the head are not of %s; give --calibrate-on".formatted(shape));
    }
    return bins;
  }
}
