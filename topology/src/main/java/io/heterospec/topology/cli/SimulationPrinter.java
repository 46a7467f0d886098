package io.heterospec.topology.cli;

import io.heterospec.processor.simulate.ReplayedText;
import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.VanillaPolicy;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** A simulation's table for people. */
final class SimulationPrinter {
  private final PrintWriter out;
  private final List<SimulatedRun> runs;

  SimulationPrinter(PrintWriter out, List<SimulatedRun> runs) {
    this.out = out;
    this.runs = runs;
  }

  void print() {
    out.printf(
        "%-20s %4s %9s %10s %10s %7s %9s %9s %8s%n",
        "mode",
        "conc",
        "tokens/ms",
        "× vanilla",
        "× eagle3",
        "accept",
        "calls",
        "verified",
        "ver/tok");
    for (SimulatedRun run : runs) {
      ReplayedText all = run.all();
      out.printf(
          Locale.ROOT,
          "%-20s %4d %9.4f %10s %10s %7.2f %9d %9d %8.2f%n",
          run.mode(),
          run.concurrency(),
          all.tokensPerMs(),
          factor(run, VanillaPolicy.NAME),
          factor(run, Eagle3Policy.NAME),
          all.acceptanceLength(),
          all.targetCalls(),
          all.verifiedTokens(),
          all.verifiedPerToken());
    }
    double unknown = runs.stream().mapToDouble(run -> run.replay().unknown()).max().orElse(0);
    if (unknown > 0) {
      out.printf(
          Locale.ROOT,
          "%nThe survey lacks up to %.2f%% of the nodes that a mode expanded.%n",
          100 * unknown);
    }
    out.flush();
  }

  private String factor(SimulatedRun run, String over) {
    double value = run.speedUp(SimulatedRun.find(runs, over, run.concurrency()));
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
  }
}
