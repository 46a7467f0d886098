package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.schemas.Sampling;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program is killed in mid-generation and started again on the same data. */
class CrashRecoveryTest {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final int TOKENS = 300;

  @TempDir Path directory;
  private Program program;

  @AfterEach
  void stop() throws InterruptedException {
    if (program != null) {
      program.kill();
    }
  }

  /** Starts it on these ports, 0 for any free one. */
  private void start(int broker, int registry) throws IOException {
    program =
        Program.start(
                directory,
                "up",
                "--threads",
                "1",
                "--dtype",
                "fp32",
                "--data-dir",
                directory.resolve("data").toString(),
                "--broker-port",
                "" + broker,
                "--registry-port",
                "" + registry,
                "--http-port",
                "0")
            .awaitOutput("Ready.");
  }

  /** The address that it says a service has. */
  private String address(String service) throws IOException {
    Matcher line = Pattern.compile(service + " +(\\S+)").matcher(program.output());
    assertThat(line.find()).as(program.output()).isTrue();
    return line.group(1);
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
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
        .atMost(Program.LIMIT)
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
    start(0, 0);
    String broker = address("Kafka");
    String registry = address("Schema registry");
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("bootstrap.servers", broker);
    settings.put(RegistryConfig.URL, registry);
    HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings);
    List<String> ids = List.of("undisturbed", "killed-1", "killed-2", "killed-3");
    DemoReport report = new DemoReport(ids);
    try (EventReader reader = EventReader.ofAll(config);
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
      program.kill();
      start(port(broker), port(registry));
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
