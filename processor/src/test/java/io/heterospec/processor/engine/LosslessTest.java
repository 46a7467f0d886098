package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every policy, with many sequences in each pass, gives the tokens of decoding plainly and alone,
 * but for {@link Ties}.
 */
class LosslessTest {
  private static final int TOKENS = 128;
  private static final int MAX_TIES = 6;
  private static final long SEED = 7;

  @ParameterizedTest(name = "temperature {0}")
  @ValueSource(doubles = {0, 0.8})
  void allPoliciesGiveTheTokensOfPlainDecoding(double temperature) throws IOException {
    SamplingParams sampling = new SamplingParams(TOKENS, temperature, 0, 1, SEED, List.of(), true);
    // A tie lies in the prompt and the place: several modes may meet the same.
    Map<String, String> ties = new TreeMap<>();
    try (TorchEngine engine = DemoEngine.open()) {
      List<int[]> prompts = prompts(engine);
      assertThat(prompts).hasSizeGreaterThanOrEqualTo(40);
      int vocabulary = engine.model().vocabularySize();
      Ties scores = new Ties(ids -> engine.score(ids, vocabulary));
      List<int[]> vanilla = alone(engine, prompts, sampling);
      for (String mode : engine.modes()) {
        List<int[]> tokens = together(engine, prompts, sampling, mode);
        for (int i = 0; i < prompts.size(); i++) {
          assertThat(tokens.get(i)).hasSize(TOKENS);
          int at = Arrays.mismatch(vanilla.get(i), tokens.get(i));
          if (at >= 0) {
            String tie =
                scores.explain(prompts.get(i), vanilla.get(i), tokens.get(i), at, sampling);
            ties.merge(
                "prompt %d, token %d".formatted(i, at), mode + ": " + tie, LosslessTest::both);
          }
        }
      }
    }
    ties.forEach((place, tie) -> System.out.println(place + ", " + tie));
    assertThat(ties).hasSizeLessThanOrEqualTo(MAX_TIES);
  }

  private static String both(String first, String second) {
    return first + "; " + second;
  }

  private static List<int[]> alone(
      TorchEngine engine, List<int[]> prompts, SamplingParams sampling) {
    return prompts.stream()
        .map(prompt -> together(engine, List.of(prompt), sampling, "vanilla").get(0))
        .toList();
  }

  // As many share a cycle as the engine takes; the others join as places get free.
  private static List<int[]> together(
      TorchEngine engine, List<int[]> prompts, SamplingParams sampling, String mode) {
    List<CompletableFuture<GenerationResult>> ends = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      ends.add(
          BlockingGeneration.start(
              engine,
              DemoEngine.request("p" + i, prompts.get(i), new int[0], sampling, mode),
              step -> {}));
    }
    return ends.stream().map(end -> end.join().tokenIds()).toList();
  }

  private static List<int[]> prompts(TorchEngine engine) throws IOException {
    try (InputStream in = LosslessTest.class.getResourceAsStream("/kinds-of-prompts.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> DemoEngine.ids(engine, line))
          .toList();
    }
  }
}
