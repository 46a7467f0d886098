package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.topology.DemoPair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandLineTest {
  @TempDir Path directory;

  private static List<String> fields(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private Path prompts() throws IOException {
    return Files.writeString(
        directory.resolve("questions.jsonl"),
        """
        {"question_id": 1, "category": "shell", "turns": ["How do I list all files?"]}
        {"question_id": 2, "category": "maths", "turns": ["What is 3 plus 4?"]}
        """);
  }

  @Test
  void everyCommandExplainsItselfWithExamples() {
    CommandLine line = HeteroSpec.commandLine();
    assertThat(line.getSubcommands().keySet())
        .contains(
            "demo",
            "up",
            "run",
            "ask",
            "chat",
            "generate",
            "score",
            "bench",
            "calibrate",
            "inspect",
            "inflate",
            "sessions",
            "api-key",
            "asyncapi",
            "dlq",
            "chaos",
            "simulate");
    for (Map.Entry<String, CommandLine> command : line.getSubcommands().entrySet()) {
      Cli help = Cli.run(command.getKey(), "--help");
      assertThat(help.code()).isZero();
      assertThat(help.out()).contains("Examples:", "heterospec " + command.getKey());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "frob                                             | frob",
        "generate                                         | --prompt",
        "generate --prompt=                               | --prompt is empty",
        "generate --prompt=  --model nowhere              | --prompt is empty",
        "generate --prompt-ids 1,x --model nowhere        | --prompt-ids must be token ids",
        "generate --prompt hi --top-k -1 --model nowhere  | top_k must be",
        "generate --prompt hi --temperature -1            | temperature must be between",
        "generate --prompt hi --temperature NaN           | temperature must be between",
        "generate --prompt hi --top-p 0                   | top_p must be in",
        "generate --prompt hi --top-p NaN                 | top_p must be in",
        "generate --prompt hi --top-k -1                  | top_k must be",
        "generate --prompt hi --max-tokens 0              | max_tokens must be",
        "generate --prompt hi --mode best                 | mode 'best' is not served",
        "generate --prompt hi --dtype int3                | dtype 'int3' is unknown",
        "generate --prompt hi --device tpu                | device 'tpu' is unknown",
        "generate --prompt hi --device gpu:0,gpu:1        | gpu:0 is not available",
        "generate --prompt hi --model nowhere             | nowhere is not a directory",
        "generate --prompt-ids 1,x                        | --prompt-ids must be token ids",
        "generate --prompt-ids 99999                      | outside the vocabulary",
        "generate --prompt hi --tree-nodes 0              | tree nodes must be between",
        "generate --prompt hi --cache-mb 0                | --cache-mb must be between 1 and",
        "generate --prompt hi --cache-mb 1 --max-tokens 900 | raise the limit (--cache-mb)",
        "generate --prompt hi --alpha -1                  | alpha must be between",
        "generate --prompt hi --gamma 0.3,2               | gamma must be in",
        "score --ids 5,-1                                 | outside the vocabulary",
        "bench --prompts nowhere.jsonl                    | nowhere.jsonl cannot be read",
        "bench --prompts pom.xml --limit -1               | --limit must be 0 or more, got -1",
        "bench --prompts x --repeat 0                     | --repeat must be 1 or more, got 0",
        "bench --prompts x --warm-up -1                   | --warm-up must be 0 or more, got -1",
        "bench --prompts x --concurrency 4,0              | --concurrency must be 1 or more, got 0",
        "bench --prompts x --concurrency 1,two            | 'two'",
        "bench --prompts x --chart bench.jpg              | --chart must end with .png or .svg",
        "bench --prompts x --chart no/where.png           | no/where.png cannot be written",
        "demo --prompts nowhere.jsonl                     | nowhere.jsonl cannot be read",
        "demo --limit -1                                  | --limit must be 0 or more, got -1",
        "demo --concurrency 0                             | --concurrency must be 1 or more, got 0",
        "demo --max-tokens 0                              | max_tokens must be",
        "demo --temperature -1                            | temperature must be between",
        "demo --warm-up -1                                | --warm-up must be 0 or more, got -1",
        "calibrate --prompts nowhere.jsonl                | nowhere.jsonl cannot be read",
        "api-key --name alice                             | --file",
        "api-key --file target/keys --name a/b            | the name 'a/b' of a key",
        "api-key --file no/where --name alice             | no/where cannot be written",
        "inspect nowhere                                  | nowhere is not a directory",
        "inspect nowhere --free 79,79                     | name them with --device",
        "inflate --width 2                                | --out",
        "inflate --width 0 --out target/never             | width must be between 1 and 64, got 0",
        "inflate --layers 7 --out target/never            | layers must be between 8",
        "inflate --model x --out target/never             | give --draft",
        "inflate --model x --draft x --out target/never   | x is not a directory",
        "inflate --out .                                  | . is not empty",
        "simulate                                         | --trace",
        "simulate --trace nowhere.jsonl --costs nowhere.json | cost table nowhere.json cannot be",
        "ask hello --config nowhere.properties            | config file nowhere.properties cannot be",
        "dlq list --config nowhere.yaml                   | config file nowhere.yaml cannot be read",
        "simulate --trace x --draft nowhere               | nowhere holds no cost tables",
        "simulate --trace x --concurrency 0               | --concurrency must be 1 or more, got 0",
        "run --role frob --config x                       | use router, processor, gateway or all",
        "run --role gateway --config nowhere.yaml         | nowhere.yaml cannot be read",
        "fabricate --config nowhere --out target/never    | nowhere is not a directory",
        "fabricate --config x --out x --dtype i64         | --dtype must be bf16, f16 or f32",
        "run --role router --config nowhere.properties    | nowhere.properties cannot be read",
        "ask hi --bootstrap-servers 127.0.0.1:1           | no Kafka broker answers at 127.0.0.1:1",
        "ask hi --temperature NaN                         | temperature must be between",
        "ask ''                                           | prompt is empty",
        "up --broker-port 99999                           | 99999 is no port"
      })
  void wrongInputIsOneClearLineAndExitCodeTwo(String command, String message) {
    Cli result = Cli.run(command.strip().replace("''", "").split(" +", -1));
    assertThat(result.err()).contains(message).doesNotContain("\tat ");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void aBrokenLineOfAPromptFileIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("p.jsonl"), "{\"turns\": [\"x\"]}\n{oops\n");
    assertThat(Cli.run("bench", "--prompts", file.toString()).err()).contains("p.jsonl line 2");
    Files.writeString(file, "{\"turns\": []}\n");
    assertThat(Cli.run("bench", "--prompts", file.toString()).err()).contains("turns[0]");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aTraceThatTheDiskHasNoRoomForIsAFailure() {
    Cli result = Cli.run("generate", "--prompt-ids", "1,15,7", "--trace", "/dev/full");
    assertThat(result.err()).contains("trace file /dev/full is cut off: No space left on device");
    assertThat(result.code()).isEqualTo(HeteroSpec.FAILED);
    assertThat(result.out()).contains("tokens/s");
  }

  @Test
  void generateStreamsTextAndAFinalLine() {
    Cli result = Cli.run("generate", "--prompt", "How do I list files?", "--max-tokens", "12");
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains("[heterospec: ", "tokens/s");
  }

  @ParameterizedTest
  @ValueSource(strings = {"vanilla", "eagle3", "heterospec"})
  void generateAsJsonHasTheContractsFieldsAndATraceOfEveryCycle(String mode) throws IOException {
    Path trace = directory.resolve("trace.jsonl");
    Cli result =
        Cli.run(
            "generate",
            "--prompt-ids",
            "5,6,7",
            "--max-tokens",
            "24",
            "--ignore-eos",
            "--mode",
            mode,
            "--trace",
            trace.toString(),
            "--json");
    JsonNode json = result.json();
    assertThat(fields(json))
        .containsExactly(
            "mode",
            "prompt_tokens",
            "output_tokens",
            "token_ids",
            "text",
            "finish_reason",
            "seconds",
            "tokens_per_second",
            "target_calls",
            "verified_tokens",
            "drafted_tokens",
            "mean_acceptance_length");
    assertThat(json.get("mode").asText()).isEqualTo(mode);
    assertThat(json.get("output_tokens").asInt()).isEqualTo(24);
    List<String> cycles = Files.readAllLines(trace);
    assertThat(cycles).hasSize(json.get("target_calls").asInt());
    int emitted = 0;
    for (String line : cycles) {
      JsonNode cycle = Json.MAPPER.readTree(line);
      assertThat(fields(cycle))
          .containsAll(
              StepTelemetry.getClassSchema().getFields().stream().map(Schema.Field::name).toList());
      assertThat(cycle.get("token_chars")).hasSameSizeAs(cycle.get("token_ids"));
      emitted += cycle.get("emitted").asInt();
      int verified = 0;
      int accepted = 0;
      for (JsonNode node : cycle.get("tree")) {
        assertThat(fields(node))
            .containsExactly("token", "parent", "confidence", "verified", "accepted");
        verified += node.get("verified").asBoolean() ? 1 : 0;
        accepted += node.get("accepted").asBoolean() ? 1 : 0;
      }
      assertThat(cycle.get("verified").asInt()).isEqualTo(verified + 1);
      assertThat(cycle.get("accepted").asInt()).isEqualTo(accepted);
    }
    assertThat(emitted).isEqualTo(24);
  }

  @Test
  void aModelWithoutTokenizerTakesTokenIdsAndRefusesText() throws IOException {
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(DemoPair.target().resolve(file), directory.resolve(file));
    }
    String model = directory.toString();
    Cli text = Cli.run("generate", "--model", model, "--prompt", "hi");
    assertThat(text.code()).isEqualTo(2);
    assertThat(text.err()).contains("has no tokenizer.json");
    Cli ids =
        Cli.run("generate", "--model", model, "--prompt-ids", "5", "--max-tokens", "3", "--json");
    assertThat(ids.json().get("output_tokens").asInt()).isEqualTo(3);
    assertThat(ids.json().get("mode").asText()).isEqualTo("vanilla");
  }

  @Test
  void aClustersSettingsMayLeaveTheBrokersToAnOptionButNobodyElse() throws IOException {
    Path file = directory.resolve("security.yaml");
    Files.writeString(file, "security: {protocol: NONSENSE}\n");
    Cli nowhere = Cli.run("ask", "hi", "--config", file.toString());
    assertThat(nowhere.err()).contains(file + " has no bootstrap.servers");
    Cli ask =
        Cli.run("ask", "hi", "--config", file.toString(), "--bootstrap-servers", "127.0.0.1:1");
    assertThat(ask.err()).contains("security.protocol").contains("NONSENSE");
    assertThat(ask.code()).isEqualTo(HeteroSpec.WRONG_INPUT);
  }

  @ParameterizedTest
  @CsvSource({"404, 2, ''", "401, 2, /", "503, 1, ''"})
  void whatAProcessorAnswersTellsWrongInputFromAFailure(int status, int code, String slash)
      throws IOException {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpServer processor = HttpServer.create(anyPort, 0);
    byte[] body = "{\"error\":{\"message\":\"why\"}}".getBytes(StandardCharsets.UTF_8);
    processor.createContext(
        "/sessions",
        exchange -> {
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    processor.start();
    try {
      String url = "http://127.0.0.1:" + processor.getAddress().getPort() + slash;
      Cli show = Cli.run("sessions", "show", "s1", "--url", url);
      assertThat(show.err()).isEqualToIgnoringNewLines(url + ": why");
      assertThat(show.code()).isEqualTo(code);
    } finally {
      processor.stop(0);
    }
  }

  @Test
  void scoreAsJsonHasNoLogprobForTheFirstToken() throws IOException {
    JsonNode tokens = Cli.run("score", "--ids", "5,6,7", "--json").json().get("tokens");
    assertThat(tokens).hasSize(3);
    assertThat(tokens.get(0).get("logprob").isNull()).isTrue();
    assertThat(tokens.get(1).get("logprob").asDouble()).isNegative();
    assertThat(tokens.get(2).get("top")).hasSize(5);
    assertThat(fields(tokens.get(2).get("top").get(0))).containsExactly("id", "logprob");
    assertThat(Cli.run("score", "--ids", "5,6").out()).contains("next:");
  }

  @Test
  void inspectSaysWhetherACheckpointCanRun() throws IOException {
    Cli whole = Cli.run("inspect", DemoPair.target().toString(), "--json");
    assertThat(whole.code()).isZero();
    assertThat(whole.json().get("runnable").asBoolean()).isTrue();
    Files.copy(DemoPair.target().resolve("config.json"), directory.resolve("config.json"));
    Cli broken = Cli.run("inspect", directory.toString());
    assertThat(broken.code()).isEqualTo(2);
    assertThat(broken.out()).contains("runnable        no", "problem");
  }

  @Test
  void inflateWritesALargerPairThatSaysTheSame() throws IOException {
    Path out = directory.resolve("large");
    String[] command = {"inflate", "--width", "2", "--layers", "9", "--out", out.toString()};
    Cli result = Cli.run(command);
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains("9 layers, hidden 512", "wrote " + out);
    assertThat(Cli.run(command).err()).contains(out + " is not empty");
    JsonNode copy =
        Cli.run("inflate", "--out", directory.resolve("copy").toString(), "--json").json();
    assertThat(fields(copy))
        .containsExactly(
            "out",
            "layers",
            "hidden_size",
            "target_parameters",
            "draft_parameters",
            "bytes",
            "entropy_bins");
    assertThat(copy.get("entropy_bins").asBoolean()).isTrue();
    assertThat(tokens(out)).isEqualTo(tokens(directory.resolve("copy")));
  }

  private static JsonNode tokens(Path pair) throws IOException {
    Cli result =
        Cli.run(
            "generate",
            "--model",
            pair.resolve("target").toString(),
            "--draft",
            pair.resolve("draft").toString(),
            "--prompt-ids",
            "5,6,7",
            "--max-tokens",
            "12",
            "--dtype",
            "fp32",
            "--json");
    return result.json().get("token_ids");
  }

  @Test
  void calibrateWritesTheBinsItShowsBesideTheHead() throws IOException {
    Path draft = Files.createDirectories(directory.resolve("draft"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(DemoPair.home().resolve("model/demo/draft").resolve(file), draft.resolve(file));
    }
    Path file = DemoPair.home().resolve("topology/src/main/resources/demo-prompts.jsonl");
    Cli result =
        Cli.run(
            "calibrate",
            "--model",
            DemoPair.target().toString(),
            "--draft",
            draft.toString(),
            "--prompts",
            file.toString(),
            "--max-tokens",
            "600");
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains("B0", "mean rank");
    assertThat(draft.resolve("entropy-bins.json")).isRegularFile();
  }
}
