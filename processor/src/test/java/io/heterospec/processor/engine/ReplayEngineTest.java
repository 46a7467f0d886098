package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.simulate.Replay;
import io.heterospec.processor.simulate.ReplayedText;
import io.heterospec.processor.simulate.SurveyedText;
import io.heterospec.processor.simulate.SurveyedTree;
import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.HeteroSpecOptions;
import io.heterospec.processor.tree.HeteroSpecPolicy;
import io.heterospec.processor.tree.TreePolicy;
import io.heterospec.processor.tree.VanillaPolicy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a replay of surveyed texts counts is what the engine does for the same prompts. */
class ReplayEngineTest {
  private static final int TOKENS = 48;
  private static final List<String> PROMPTS =
      List.of(
          "User: How do I list all files of a directory?\n\nAssistant:",
          "def add(a, b):\n    \"\"\"Return the sum\"\"\"\n",
          "One day a little girl named Lily");

  private static TorchEngine engine;
  private static List<SurveyedText> texts;

  @BeforeAll
  static void survey() {
    engine = DemoEngine.open();
    texts = new ArrayList<>();
    for (String prompt : PROMPTS) {
      texts.add(survey(DemoEngine.ids(engine, prompt)));
    }
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  private static SurveyedText survey(int[] prompt) {
    GenerationRequest request =
        new GenerationRequest(
            "survey",
            prompt,
            new int[0],
            DemoEngine.greedy(TOKENS),
            "survey",
            0,
            Long.MAX_VALUE,
            true);
    DemoEngine.Recording recording = DemoEngine.run(engine, request);
    List<SurveyedTree> trees = new ArrayList<>();
    for (GenerationStep step : recording.steps) {
      List<CycleReport.Node> nodes = step.cycle().tree();
      trees.add(
          new SurveyedTree(
              nodes.stream().mapToInt(CycleReport.Node::token).toArray(),
              nodes.stream().mapToInt(CycleReport.Node::parent).toArray(),
              nodes.stream().mapToDouble(CycleReport.Node::confidence).toArray()));
    }
    return SurveyedText.of("test", prompt.length, recording.result().tokenIds(), trees);
  }

  private static TreePolicy policy(String mode) {
    return switch (mode) {
      case "vanilla" -> new VanillaPolicy();
      case "eagle3" -> new Eagle3Policy(engine.shape());
      default ->
          new HeteroSpecPolicy(
              engine.shape(), engine.bins(), HeteroSpecOptions.paperDefaults(engine.shape()));
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"vanilla", "eagle3", "heterospec"})
  void countsCallsAndVerifiedTokensAsTheEngineDoes(String mode) {
    for (int i = 0; i < texts.size(); i++) {
      int[] prompt = DemoEngine.ids(engine, PROMPTS.get(i));
      GenerationResult decoded =
          DemoEngine.run(
                  engine,
                  DemoEngine.request("decode", prompt, new int[0], DemoEngine.greedy(TOKENS), mode))
              .result();

      Replay replay = Replay.run(List.of(texts.get(i)), policy(mode), null, TestCosts.cheap(), 1);

      assertThat(replay.unknown()).isZero();
      ReplayedText replayed = replay.texts().get(0);
      assertThat(decoded.tokenIds()).isEqualTo(texts.get(i).tokens());
      assertThat(replayed.tokens()).isEqualTo(decoded.tokenIds().length);
      assertThat(replayed.targetCalls()).isEqualTo(decoded.targetCalls());
      assertThat(replayed.verifiedTokens()).isEqualTo(decoded.verifiedTokens());
    }
  }
}
