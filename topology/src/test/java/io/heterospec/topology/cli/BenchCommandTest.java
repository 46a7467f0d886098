package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
  @TempDir Path directory;
  private Path prompts;

  @BeforeEach
  void writePrompts() throws IOException {
    prompts =
        Files.writeString(
            directory.resolve("questions.jsonl"),
            """
            {"question_id": 1, "category": "shell", "turns": ["How do I list all files?"]}
            {"question_id": 2, "category": "maths", "turns": ["What is 3 plus 4?"]}
            """);
  }

  private Cli bench(String... options) {
    return Cli.run(
        Stream.concat(Stream.of("bench", "--prompts", prompts.toString()), Arrays.stream(options))
            .toArray(String[]::new));
  }

  private static List<String> fields(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void everyModeIsMeasuredPerCategoryAndConcurrency() throws IOException {
    Cli result = bench("--max-tokens", "16", "--dtype", "fp32", "--concurrency", "2,1,2", "--json");
    JsonNode json = result.json();
    assertThat(fields(json))
        .containsSubsequence("model", "device", "threads", "prompts", "runs", "summary");
    assertThat(json.get("runs")).hasSize(4 * 2 * 3);
    for (JsonNode run : json.get("runs")) {
      assertThat(fields(run))
          .startsWith(
              "mode",
              "concurrency",
              "category",
              "output_tokens",
              "seconds",
              "tokens_per_second",
              "target_calls",
              "verified_tokens",
              "mean_acceptance_length",
              "p50_ms_per_token",
              "p99_ms_per_token",
              "identical_to_vanilla")
          .contains(
              "p50_ms_to_first_token",
              "p99_ms_to_first_token",
              "p50_tpot_ms",
              "p99_tpot_ms",
              "repetitions",
              "min_tokens_per_second",
              "max_tokens_per_second",
              "mean_in_flight",
              "acceptance_by_depth");
      assertThat(run.get("identical_to_vanilla").asBoolean()).isTrue();
    }
  }

  @Test
  void theTablesNameWhatWasMeasuredAndTheChartIsWritten() {
    Path chart = directory.resolve("bench.png");
    Cli result =
        bench(
            "--max-tokens",
            "8",
            "--limit",
            "1",
            "--repeat",
            "2",
            "--warm-up",
            "0",
            "--chart",
            chart.toString());
    assertThat(result.code()).isZero();
    assertThat(chart).isNotEmptyFile();
    assertThat(result.out())
        .contains("category", "vanilla", "heterospec", "all", "median of 2 repetitions")
        .contains("Tokens/s by concurrency");
  }

  @Test
  void morePlacesThanPromptsAreAnError() {
    Cli result = bench("--concurrency", "1,3");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err()).contains("--concurrency 3 needs as many prompts, but there are 2");
  }

  @Test
  void requestsArriveAtARate() throws IOException {
    Cli result =
        bench("--max-tokens", "4", "--modes", "vanilla", "--request-rate", "200", "--json");
    JsonNode json = result.json();
    assertThat(json.get("request_rate").asDouble()).isEqualTo(200);
    assertThat(json.get("runs"))
        .allSatisfy(run -> assertThat(run.get("concurrency").asInt()).isEqualTo(16));
    assertThat(bench("--max-tokens", "4", "--modes", "vanilla", "--request-rate", "200").out())
        .contains("2 prompts at 200.0/s");
  }

  @Test
  void aRateThatCannotBeIsAnError() {
    for (String rate : List.of("0", "-1", "NaN", "Infinity")) {
      Cli result = bench("--request-rate", rate);
      assertThat(result.code()).as(rate).isEqualTo(2);
      assertThat(result.err()).contains("--request-rate must be a finite number above 0, got ");
    }
    Cli result = bench("--request-rate", "2", "--concurrency", "1,4");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err()).contains("--request-rate takes one --concurrency");
  }

  @Test
  void anUnknownModeIsAnError() {
    Cli result = bench("--modes", "vanilla,best");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err()).contains("mode 'best' is not served");
  }
}
