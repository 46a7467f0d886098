package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.schemas.Sampling;
import io.heterospec.topology.DemoPair;
import io.heterospec.topology.HeteroSpecConfig;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program is killed in mid-generation and started again on the same data. */
class CrashRecoveryTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final Duration POLL = Duration.ofMillis(50);
  private static final int TOKENS = 300;

  @TempDir Path directory;
  private Process program;

  @AfterEach
  void stop() throws InterruptedException {
    if (program != null) {
      program.destroyForcibly().waitFor();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void start(int broker, int registry, int http) throws IOException {
    Path log = directory.resolve("log-" + System.nanoTime());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-Dheterospec.home=" + DemoPair.home(), "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(HeteroSpec.class.getName());
    command.addAll(List.of("up", "--threads", "1", "--dtype", "fp32", "--data-dir"));
    command.add(directory.resolve("data").toString());
    command.addAll(List.of("--broker-port", "" + broker, "--registry-port", "" + registry));
    command.addAll(List.of("--http-port", "" + http));
    program =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Awaitility.await()
        .atMost(LIMIT)
        .until(
            () -> {
              assertThat(program.isAlive()).as(Files.readString(log)).isTrue();
              return Files.readString(log).contains("Ready.");
            });
  }

  private static PromptEvent prompt(String id) {
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setMessages(List.of(new ChatMessage("user", "Tell me a story about a cat.")))
        .setSampling(Sampling.newBuilder().setMaxTokens(TOKENS).setIgnoreEos(true).build())
        .build();
  }

  private static void readUntil(EventReader reader, DemoReport report, Runnable check) {
    Awaitility.await()
        .atMost(LIMIT)
        .pollInterval(POLL)
        .untilAsserted(
            () -> {
              reader.poll(POLL, report);
              check.run();
            });
  }

  @Test
  void everyPromptIsFinishedExactlyOnceWithTheTextItWouldHaveHadAnyway()
      throws IOException, InterruptedException {
    int broker = freePort();
    int registry = freePort();
    int http = freePort();
    start(broker, registry, http);
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("bootstrap.servers", "127.0.0.1:" + broker);
    settings.put(RegistryConfig.URL, "http://127.0.0.1:" + registry);
    HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings);
    List<String> ids = List.of("undisturbed", "killed-1", "killed-2", "killed-3");
    DemoReport report = new DemoReport(ids);
    try (EventReader reader = new EventReader(config, true);
        PromptPublisher publisher = new PromptPublisher(config)) {
      publisher.publish(prompt(ids.get(0)));
      readUntil(reader, report, () -> assertThat(report.completed()).isEqualTo(1));
      for (String id : ids.subList(1, 4)) {
        publisher.publish(prompt(id));
      }
      readUntil(
          reader,
          report,
          () -> assertThat(report.requests().get("killed-2").tokens).isGreaterThan(20));
      assertThat(report.completed()).isEqualTo(1);
      program.destroyForcibly().waitFor();
      start(broker, registry, http);
      readUntil(reader, report, () -> assertThat(report.complete()).isTrue());
      reader.poll(Duration.ofSeconds(1), report);
    }
    assertThat(report.faults()).isEmpty();
    String expected = report.requests().get("undisturbed").completion().getText();
    for (String id : ids) {
      assertThat(report.requests().get(id).completion().getText()).isEqualTo(expected);
    }
  }
}
