package io.heterospec.processor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs: once, with small parameters, and without a look at the clock. */
class BenchmarksTest {

  @Test
  void everyBenchmarkRunsOnce() throws RunnerException {
    System.setProperty("jmh.ignoreLock", "true"); // nothing is measured here
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .mode(Mode.SingleShotTime)
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .param("layer", "256,1408")
                    .param("rows", "1", "9")
                    .param("vocabulary", "4096")
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    assertThat(results)
        .extracting(
            result -> result.getParams().getBenchmark().replaceFirst(".*\\.(\\w+\\.\\w+)", "$1"))
        .contains(
            "DraftTreeBenchmark.expand",
            "DraftTreeBenchmark.selectFrontier",
            "DraftTreeBenchmark.verifySelect",
            "DraftTreeBenchmark.metaPathEntropy",
            "SamplingBenchmark.argmax",
            "SamplingBenchmark.sample",
            "LinearBenchmark.linear");
  }
}
