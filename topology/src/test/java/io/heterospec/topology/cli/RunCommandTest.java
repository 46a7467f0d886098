package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.embedded.SchemaRegistryServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Roles as separate processes on a cluster, asked from the command line. */
class RunCommandTest {
  @TempDir Path directory;

  @Test
  void aRouterAndAProcessorAnswerTogetherAndStopCleanly() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"), 0, Map.of());
        SchemaRegistryServer registry = SchemaRegistryServer.start(broker.bootstrapServers(), 0)) {
      Path properties =
          Files.writeString(
              directory.resolve("run.properties"),
              """
              bootstrap.servers=%s
              schema.registry.url=%s
              heterospec.topic.partitions=1
              heterospec.topic.replication=1
              heterospec.pool=small
              heterospec.routes=tiny:small
              heterospec.model.name=tiny
              heterospec.state.dir=%s
              """
                  .formatted(
                      broker.bootstrapServers(), registry.url(), directory.resolve("state")));
      Path yaml =
          Files.writeString(
              directory.resolve("run.yaml"),
              """
              bootstrap.servers: %s
              schema.registry.url: %s
              heterospec:
                topic: {partitions: 1, replication: 1}
                routes: "tiny:small"
                state: {dir: %s}
              """
                  .formatted(
                      broker.bootstrapServers(), registry.url(), directory.resolve("gateway")));
      try (Program router =
              Program.start(directory, "run", "--role", "router", "--config", yaml.toString());
          Program processor =
              Program.start(
                  directory, "run", "--role", "processor", "--config", properties.toString());
          Program gateway =
              Program.start(
                  directory,
                  "run",
                  "--role",
                  "gateway",
                  "--config",
                  yaml.toString(),
                  "--http-port",
                  "0")) {
        router.awaitOutput("Role router is starting");
        processor.awaitOutput("Role processor is starting");
        JsonNode first = ask(broker, registry, "Hello there!", "--session", "s").json();
        assertThat(first.get("output_tokens").asInt()).isPositive();
        JsonNode second = ask(broker, registry, "And now?", "--session", "s").json();
        assertThat(second.get("prompt_tokens").asInt())
            .isGreaterThan(first.get("prompt_tokens").asInt());
        Cli unknown = ask(broker, registry, "Hello?", "--model", "huge");
        assertThat(unknown.code()).isEqualTo(1);
        assertThat(unknown.err()).contains("UNKNOWN_MODEL", "tiny");
        Cli text =
            Cli.run(
                "ask",
                "Hello again!",
                "--bootstrap-servers",
                broker.bootstrapServers(),
                "--schema-registry-url",
                registry.url());
        assertThat(text.code()).isZero();
        assertThat(text.out()).isNotBlank();
        assertThat(text.err()).isEmpty(); // no status line where stderr is no terminal
        Cli talk = chat(broker, registry, "Hello!\nAnd now?\n/reset\n/frob\n");
        assertThat(talk.code()).as(talk.err()).isZero();
        assertThat(talk.out().lines().filter(line -> !line.isBlank())).hasSizeGreaterThan(1);
        assertThat(talk.err())
            .contains("/frob is no command", "Session ")
            .doesNotContain("tokens/s");
        gateway.awaitOutput("Role gateway is starting");
        assertThat(complete(gateway.output())).contains("\"completion_tokens\":8");
        gateway.stop();
        router.stop();
        processor.stop();
        assertThat(router.output()).contains("Stopped.");
        assertThat(processor.output()).contains("Stopped.");
        assertThat(gateway.output()).contains("Stopped.");
      }
      Cli down =
          Cli.run(
              "ask",
              "x",
              "--bootstrap-servers",
              broker.bootstrapServers(),
              "--schema-registry-url",
              "http://127.0.0.1:1");
      assertThat(down.code()).isEqualTo(2);
      assertThat(down.err()).contains("127.0.0.1:1").doesNotContain("\tat ");
    }
  }

  /** What the gateway that said its address answers to a prompt. */
  private static String complete(String output) throws IOException, InterruptedException {
    Matcher url = Pattern.compile("HTTP is served at (\\S+)").matcher(output);
    assertThat(url.find()).as(output).isTrue();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url.group(1) + "/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\": \"tiny\", \"prompt\": \"Hello\", \"max_tokens\": 8, \"ignore_eos\": true}"))
            .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private static Cli chat(EmbeddedBroker broker, SchemaRegistryServer registry, String lines) {
    InputStream stdin = System.in;
    System.setIn(new ByteArrayInputStream(lines.getBytes(Charset.defaultCharset())));
    try {
      return Cli.run(
          "chat",
          "--bootstrap-servers",
          broker.bootstrapServers(),
          "--schema-registry-url",
          registry.url(),
          "--max-tokens",
          "8",
          "--timeout",
          "60");
    } finally {
      System.setIn(stdin);
    }
  }

  private static Cli ask(
      EmbeddedBroker broker, SchemaRegistryServer registry, String text, String... more) {
    String[] fixed = {
      "ask",
      text,
      "--bootstrap-servers",
      broker.bootstrapServers(),
      "--schema-registry-url",
      registry.url(),
      "--max-tokens",
      "8",
      "--timeout",
      "60",
      "--json"
    };
    String[] all = Arrays.copyOf(fixed, fixed.length + more.length);
    System.arraycopy(more, 0, all, fixed.length, more.length);
    return Cli.run(all);
  }
}
