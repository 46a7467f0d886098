package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.Sampling;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The main job on an embedded broker. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Starts a broker, a schema registry, the engine and the topology in this process, publishes"
          + " bundled prompts and shows the answers as they stream, then what the telemetry says."
    },
    footer = {"", "Examples:", "  heterospec demo", "  heterospec demo --mode vanilla --json"})
final class DemoCommand implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final Duration POLL = Duration.ofMillis(50);

  @Spec CommandSpec spec;
  @Mixin ModelOptions models;

  @Option(
      names = "--mode",
      paramLabel = "vanilla|eagle3|heterospec|budgeted",
      description = "Tree policy. Default: budgeted where a head is loaded.")
  String mode;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "96",
      description = "Most tokens of each answer. Default: ${DEFAULT-VALUE}.")
  int maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      defaultValue = "0.7",
      description = "0 for greedy decoding. Default: ${DEFAULT-VALUE}.")
  double temperature;

  @Option(names = "--json", description = "Print one JSON object, and no text.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Map<String, String> prompts = prompts();
    err.println("Starting the broker, the registry, the engine and the topology…");
    Path data = Files.createTempDirectory("heterospec-demo");
    Deque<AutoCloseable> parts = new ArrayDeque<>();
    parts.push(() -> delete(data));
    try (StopOnce stop = new StopOnce(() -> closeAll(parts))) {
      Shutdown.onSignal(stop, err);
      LocalCluster cluster = LocalCluster.start(data, 0, 0, models.engine(mode));
      parts.push(cluster);
      try (EventReader reader = new EventReader(cluster.config(), true);
          PromptPublisher publisher = new PromptPublisher(cluster.config())) {
        err.printf(
            "Publishing %d prompt events to %s%n", prompts.size(), cluster.bootstrapServers());
        return run(out, prompts, cluster, reader, publisher, stop);
      }
    }
  }

  private static void closeAll(Deque<AutoCloseable> parts) throws Exception {
    while (!parts.isEmpty()) {
      parts.pop().close();
    }
  }

  private int run(
      PrintWriter out,
      Map<String, String> prompts,
      LocalCluster cluster,
      EventReader reader,
      PromptPublisher publisher,
      StopOnce stop)
      throws InterruptedException {
    DemoReport report = new DemoReport(List.copyOf(prompts.keySet()));
    DemoPrinter printer = new DemoPrinter(out, prompts);
    long start = System.nanoTime();
    for (Map.Entry<String, String> prompt : prompts.entrySet()) {
      publisher.publish(event(prompt.getKey(), prompt.getValue()));
    }
    while (!report.complete()) {
      reader.poll(POLL, report);
      if (!json) {
        printer.update(report);
      }
      if (stop.isClosed()) {
        return HeteroSpec.FAILED; // interrupted by the user
      }
      if (System.nanoTime() - start > LIMIT.toNanos() || !cluster.application().healthy()) {
        throw new IllegalStateException(
            "%d of %d prompts were answered, then nothing more came%s"
                .formatted(
                    report.completed(),
                    prompts.size(),
                    cluster.application().failure().map(e -> ": " + e.getMessage()).orElse("")));
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    reader.poll(POLL, report); // anything that comes too often comes now
    if (json) {
      Json.print(out, toJson(prompts.size(), report, seconds));
    } else {
      printer.summary(report, seconds);
    }
    report.faults().forEach(spec.commandLine().getErr()::println);
    return report.faults().isEmpty() && report.failed() == 0 ? 0 : HeteroSpec.FAILED;
  }

  private PromptEvent event(String id, String text) {
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setMessages(List.of(new ChatMessage("user", text)))
        .setSampling(
            Sampling.newBuilder().setMaxTokens(maxTokens).setTemperature(temperature).build())
        .setCreatedAt(Instant.now())
        .build();
  }

  private static ObjectNode toJson(int prompts, DemoReport report, double seconds) {
    return Json.object()
        .put("prompts", prompts)
        .put("completions", report.completed())
        .put("failed", report.failed())
        .put("output_tokens", report.outputTokens())
        .put("target_calls", report.targetCalls())
        .put("telemetry_cycles", report.cycles())
        .put("mean_acceptance_length", Json.rounded(report.meanAcceptanceLength()))
        .put("tokens_per_second", Json.rounded(report.outputTokens() / seconds))
        .put("seconds", Json.rounded(seconds));
  }

  private static Map<String, String> prompts() throws IOException {
    try (InputStream in = DemoCommand.class.getResourceAsStream("/demo-prompts.jsonl")) {
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      Map<String, String> prompts = new LinkedHashMap<>();
      for (String line : lines) {
        String text = Json.MAPPER.readTree(line).path("turns").path(0).textValue();
        prompts.put("demo-" + (prompts.size() + 1), text);
      }
      return prompts;
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
