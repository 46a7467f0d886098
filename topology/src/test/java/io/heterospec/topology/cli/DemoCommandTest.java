package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.SpeculationSummary;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.Timings;
import io.heterospec.schemas.Usage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
  @TempDir Path directory;

  @Test
  void everyPromptIsAnsweredAndTheTelemetryAddsUp() throws IOException {
    Cli result = Cli.run("demo", "--json", "--max-tokens", "24");
    assertThat(result.code()).as(result.err()).isZero();
    JsonNode json = result.json();
    List<String> names = new ArrayList<>();
    json.fieldNames().forEachRemaining(names::add);
    assertThat(names)
        .containsExactly(
            "prompts",
            "completions",
            "failed",
            "output_tokens",
            "target_calls",
            "telemetry_cycles",
            "mean_acceptance_length",
            "tokens_per_second",
            "seconds",
            "p50_ms_to_first_token",
            "p99_ms_to_first_token",
            "p50_ms_per_token");
    assertThat(json.get("completions")).isEqualTo(json.get("prompts"));
    assertThat(json.get("telemetry_cycles")).isEqualTo(json.get("target_calls"));
    assertThat(json.get("failed").asInt()).isZero();
  }

  @Test
  void aFilesPromptsRunAFewAtATimeAfterAWarmUp() throws IOException {
    Path file = directory.resolve("questions.jsonl");
    Files.writeString(file, "{\"turns\": [\"What is 3 plus 4?\"]}\n".repeat(5));
    Cli result =
        Cli.run(
            "demo",
            "--prompts",
            file.toString(),
            "--limit",
            "3",
            "--concurrency",
            "2",
            "--warm-up",
            "1",
            "--max-tokens",
            "8");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.err()).contains("Publishing 3 prompt events");
    assertThat(result.out())
        .contains("── demo-3 ── What is 3 plus 4?", "First token ")
        .doesNotContain("demo-4", "warm-up");
  }

  @Test
  void promptsArriveAtARate() throws IOException {
    Cli result =
        Cli.run(
            "demo",
            "--json",
            "--limit",
            "3",
            "--max-tokens",
            "4",
            "--request-rate",
            "50",
            "--concurrency",
            "1");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.json().get("completions").asInt()).isEqualTo(3);
    assertThat(Cli.run("demo", "--request-rate", "0").err())
        .contains("--request-rate must be a finite number above 0, got 0");
  }

  private static GenerationDelta delta(int offset, String text, Integer... tokens) {
    return GenerationDelta.newBuilder()
        .setRequestId("r")
        .setTokenOffset(offset)
        .setTokenIds(List.of(tokens))
        .setText(text)
        .build();
  }

  private static StepTelemetry cycle(int emitted) {
    return StepTelemetry.newBuilder()
        .setRequestId("r")
        .setCycle(0)
        .setTokenOffset(0)
        .setEmitted(emitted)
        .build();
  }

  private static Completion completion(int tokens, int calls, String text) {
    return Completion.newBuilder()
        .setRequestId("r")
        .setText(text)
        .setFinishReason(FinishReason.STOP)
        .setUsage(Usage.newBuilder().setCompletionTokens(tokens).build())
        .setSpeculation(SpeculationSummary.newBuilder().setMode("m").setTargetCalls(calls).build())
        .build();
  }

  @Test
  void aConsistentStreamHasNoFaults() {
    DemoReport report = new DemoReport(List.of("r"));
    report.onDelta(delta(0, "ab", 1, 2));
    report.onTelemetry(cycle(2));
    assertThat(report.complete()).isFalse();
    report.onCompletion(completion(2, 1, "ab"));
    assertThat(report.complete()).isTrue();
    assertThat(report.faults()).isEmpty();
  }

  @Test
  void aRequestsSpeedIsThatOfTheTokensAfterItsFirst() {
    assertThat(speeds(2)).contains("10.0");
    assertThat(speeds(1)).contains("-");
  }

  /** The columns of the table's row for an answer that decoded for 100 ms. */
  private static List<String> speeds(int tokens) {
    DemoReport report = new DemoReport(List.of("r"));
    report.onCompletion(
        Completion.newBuilder(completion(tokens, 1, "ab"))
            .setTimings(new Timings(0.0, 0.0, 100.0))
            .build());
    StringWriter out = new StringWriter();
    new DemoPrinter(new PrintWriter(out), Map.of("r", "Hi")).summary(report, new DeltaTimes(), 1);
    String row = out.toString().lines().filter(line -> line.startsWith("r ")).findFirst().get();
    return List.of(row.split(" +"));
  }

  @Test
  void gapsRepeatsAndMissingTelemetryAreFound() {
    DemoReport report = new DemoReport(List.of("r"));
    report.onDelta(delta(1, "b", 2));
    report.onTelemetry(cycle(1));
    report.onCompletion(completion(2, 2, "ab"));
    assertThat(report.faults())
        .hasSize(4)
        .anyMatch(fault -> fault.contains("starts at token 1 instead of 0"))
        .anyMatch(fault -> fault.contains("1 telemetry cycles for 2 target calls"));
    report.onCompletion(completion(2, 2, "ab"));
    assertThat(report.faults()).anyMatch(fault -> fault.contains("2 completions instead of one"));
  }
}
