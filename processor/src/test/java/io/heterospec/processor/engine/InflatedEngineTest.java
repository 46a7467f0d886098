package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.checkpoint.Inflation;
import io.heterospec.processor.torch.Dtype;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An inflated pair generates, cycle by cycle, what the pair it was made from generates. */
class InflatedEngineTest {
  private static final int TOKENS = 16;
  private static final List<String> PROMPTS =
      List.of("How do I list hidden files?", "def add(a, b):", "Once upon a time");

  @TempDir Path directory;

  @Test
  void tokensAndAcceptedDraftsAreThoseOfTheSmallPair() throws IOException {
    Inflation.plan(SharedFixtures.demoTarget(), SharedFixtures.demoDraft(), 2, 32)
        .write(directory, () -> {});
    EngineOptions large =
        EngineOptions.of(directory.resolve("target"), directory.resolve("draft"))
            .withDtype(Dtype.FP32)
            .withThreads(1)
            .withCosts(TestCosts.cheap());
    List<String> expected = run(DemoEngine.options());
    assertThat(expected).hasSize(9);
    assertThat(run(large)).isEqualTo(expected);
  }

  private static List<String> run(EngineOptions options) {
    List<String> runs = new ArrayList<>();
    try (TorchEngine engine = TorchEngine.open(options)) {
      for (String mode : List.of("vanilla", "eagle3", "heterospec")) {
        for (String prompt : PROMPTS) {
          DemoEngine.Recording recording =
              DemoEngine.run(
                  engine,
                  DemoEngine.request(
                      prompt,
                      DemoEngine.ids(engine, prompt),
                      new int[0],
                      DemoEngine.greedy(TOKENS),
                      mode));
          runs.add(
              "%s in %d cycles: %s"
                  .formatted(
                      mode,
                      recording.steps.size(),
                      Arrays.toString(recording.result().tokenIds())));
        }
      }
    }
    return runs;
  }
}
