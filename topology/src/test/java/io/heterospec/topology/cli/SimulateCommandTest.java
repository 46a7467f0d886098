package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.CostTableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulateCommandTest {
  @TempDir static Path directory;

  private static Path trace;
  private static Path costs;
  private static JsonNode measured;

  /** Surveys two prompts and decodes them with the policies proper. */
  @BeforeAll
  static void survey() throws IOException {
    Path prompts =
        Files.writeString(
            directory.resolve("questions.jsonl"),
            """
            {"question_id": 1, "category": "shell", "turns": ["How do I list all files?"]}
            {"question_id": 2, "category": "maths", "turns": ["What is 3 plus 4?"]}
            """);
    trace = directory.resolve("survey.jsonl");
    String[] bench = {
      "bench", "--prompts", prompts.toString(), "--max-tokens", "24", "--dtype", "fp32"
    };
    Cli survey = Cli.run(with(bench, "--modes", "survey", "--trace", trace.toString()));
    assertThat(survey.err()).isEmpty();
    measured = Cli.run(with(bench, "--modes", "vanilla,eagle3,heterospec", "--json")).json();
    costs = directory.resolve("costs.json");
    double[][] verify = {{10, 12}, {16, 40}};
    double[][] level = {{1, 2}, {2, 3}};
    CostTableFile.write(
        costs,
        new CostTable(
            "by hand",
            new int[] {1, 8},
            new int[] {1, 9},
            verify,
            verify,
            level,
            new double[] {1, 2},
            0.1));
  }

  private static String[] with(String[] command, String... more) {
    return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray(String[]::new);
  }

  private static Cli simulate(String... options) {
    return Cli.run(
        with(
            new String[] {"simulate", "--trace", trace.toString(), "--costs", costs.toString()},
            options));
  }

  private static JsonNode row(JsonNode runs, String mode, String category) {
    for (JsonNode run : runs) {
      if (run.get("mode").asText().equals(mode) && run.get("category").asText().equals(category)) {
        return run;
      }
    }
    throw new AssertionError("no row of " + mode + " and " + category);
  }

  @Test
  void countsWhatTheEngineCounts() throws IOException {
    JsonNode simulated = simulate("--json").json();
    for (String mode : new String[] {"vanilla", "eagle3", "heterospec"}) {
      for (String category : new String[] {"shell", "maths", "all"}) {
        JsonNode expected = row(measured.get("runs"), mode, category);
        JsonNode found = row(simulated.get("runs"), mode, category);
        for (String count : new String[] {"output_tokens", "target_calls", "verified_tokens"}) {
          assertThat(found.get(count)).as(mode + " " + count).isEqualTo(expected.get(count));
        }
      }
    }
  }

  @Test
  void theTableNamesEveryModeAndTheBounds() {
    Cli result = simulate("--concurrency", "1,2", "--budget", "history-prior=6,rate-step=0.2");
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("costs of by hand", "tokens/ms", "eagle3", "heterospec", "budgeted", "oracle");
  }

  @Test
  void aTreeThatTheBinsWereNotMadeForNeedsACalibration() {
    String[] tree = {"--tree-depth", "2", "--tree-nodes", "6"};
    Cli without = simulate(tree);
    assertThat(without.code()).isEqualTo(2);
    assertThat(without.err()).contains("give --calibrate-on");
    assertThat(simulate(with(tree, "--modes", "vanilla,eagle3")).code()).isZero();
  }

  @Test
  void whatCannotBeSimulatedIsNamed() throws IOException {
    assertThat(simulate("--modes", "best").err()).contains("mode 'best' cannot be simulated");
    assertThat(simulate("--budget", "speed=3").err()).contains("no constant speed");
    assertThat(simulate("--tree-depth", "20").err()).contains("survey is 16 levels deep");
    Path file = Files.writeString(directory.resolve("other.jsonl"), "{}\n");
    assertThat(simulate("--trace", file.toString()).err()).contains("other.jsonl line 1");
  }
}
