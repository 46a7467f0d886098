package io.heterospec.topology.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Whether what an instance takes levels off: in the last third of a run it is on average hardly
 * more than in the second. The first third is for getting warm.
 */
final class SoakVerdict {
  static final double LONGEST_POLL_GAP = 1; // seconds

  private static final int FEWEST_SAMPLES = 9;
  private static final double TOLERANCE = 1.1;

  private record Measure(String name, double allowance, ToDoubleFunction<SoakSample> value) {}

  // What comes and goes in steps (collections, compactions, sweeps) is allowed one of them.
  private static final List<Measure> MEASURES =
      List.of(
          new Measure("resident memory", 16, SoakSample::rss),
          new Measure("heap", 4, SoakSample::heap),
          new Measure("threads", 2, SoakSample::threads),
          new Measure("RocksDB files", 20, SoakSample::stateFiles),
          new Measure("RocksDB bytes", 8, SoakSample::stateMb),
          new Measure("open sessions", 20, SoakSample::sessions));

  private SoakVerdict() {}

  /** What does not level off; a run of few samples says nothing about it. */
  static List<String> growing(List<SoakSample> samples) {
    List<String> growing = new ArrayList<>();
    int third = samples.size() / 3;
    if (samples.size() < FEWEST_SAMPLES) {
      return growing;
    }
    List<SoakSample> before = samples.subList(samples.size() - 2 * third, samples.size() - third);
    List<SoakSample> last = samples.subList(samples.size() - third, samples.size());
    for (Measure measure : MEASURES) {
      double limit = mean(before, measure) * TOLERANCE + measure.allowance();
      if (mean(last, measure) > limit) {
        growing.add(
            "%s: %.0f on average in the second third, %.0f in the last"
                .formatted(measure.name(), mean(before, measure), mean(last, measure)));
      }
    }
    return growing;
  }

  /** Longest time between two polls, in seconds. */
  static double longestPollGap(List<SoakSample> samples) {
    return samples.stream().mapToDouble(SoakSample::pollGap).max().orElse(0);
  }

  private static double mean(List<SoakSample> samples, Measure measure) {
    return samples.stream().mapToDouble(measure.value()).average().orElseThrow();
  }
}
