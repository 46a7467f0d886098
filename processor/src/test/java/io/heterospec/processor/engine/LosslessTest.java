package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.engine.TokenScore.Candidate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every policy, with many sequences in each pass, gives the tokens of decoding plainly and alone. A
 * difference is accepted only where the numbers themselves leave the choice open: the batch shape
 * changes the rounding of a product, and a choice that hangs on the last digits may then fall
 * either way.
 */
class LosslessTest {
  private static final int TOKENS = 128;
  private static final int MAX_TIES = 6;
  // Rounding of logits, about 1e-5, moves the borders of the distribution by no more than this.
  private static final double BORDER = 1e-5;
  private static final long SEED = 7;

  @ParameterizedTest(name = "temperature {0}")
  @ValueSource(doubles = {0, 0.8})
  void allPoliciesGiveTheTokensOfPlainDecoding(double temperature) throws IOException {
    SamplingParams sampling = new SamplingParams(TOKENS, temperature, 0, 1, SEED, List.of(), true);
    List<String> ties = new ArrayList<>();
    try (TorchEngine engine = DemoEngine.open()) {
      List<int[]> prompts = prompts(engine);
      assertThat(prompts).hasSizeGreaterThanOrEqualTo(40);
      List<int[]> vanilla = alone(engine, prompts, sampling);
      for (String mode : engine.modes()) {
        List<int[]> tokens = together(engine, prompts, sampling, mode);
        for (int i = 0; i < prompts.size(); i++) {
          assertThat(tokens.get(i)).hasSize(TOKENS);
          int at = Arrays.mismatch(vanilla.get(i), tokens.get(i));
          if (at >= 0) {
            String tie =
                tie(engine, prompts.get(i), vanilla.get(i), tokens.get(i), at, temperature);
            ties.add("prompt %d, %s, token %d: %s".formatted(i, mode, at, tie));
          }
        }
      }
    }
    ties.forEach(System.out::println);
    assertThat(ties).hasSizeLessThanOrEqualTo(MAX_TIES);
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

  // Asserts that the numbers leave the choice at this position open, and says how far.
  private static String tie(
      TorchEngine engine, int[] prompt, int[] expected, int[] actual, int at, double temperature) {
    int[] context = Arrays.copyOf(prompt, prompt.length + at);
    System.arraycopy(expected, 0, context, prompt.length, at);
    List<TokenScore> scores = engine.score(context, engine.model().vocabularySize());
    List<Candidate> next = scores.get(scores.size() - 1).top();
    if (temperature == 0) {
      double gap = logprob(next, expected[at]) - logprob(next, actual[at]);
      assertThat(Math.abs(gap))
          .as("gap of the logits of tokens %d and %d at %d", expected[at], actual[at], at)
          .isLessThan(1e-4);
      return "the logits differ by " + gap;
    }
    double[] p = new double[engine.model().vocabularySize()];
    next.forEach(c -> p[c.id()] = Math.exp(c.logprob() / temperature));
    double total = Arrays.stream(p).sum();
    double border = 0;
    for (int id = 0; id <= Math.min(expected[at], actual[at]); id++) {
      border += p[id] / total;
    }
    double number = PositionRandom.at(SEED, context.length) * 0x1p-53;
    assertThat(Math.abs(number - border)).as("distance from the border").isLessThan(BORDER);
    return "the random number is " + (number - border) + " from the border";
  }

  private static double logprob(List<Candidate> next, int id) {
    return next.stream().filter(c -> c.id() == id).findFirst().orElseThrow().logprob();
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
