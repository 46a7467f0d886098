package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.SamplingParams;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.Sampling;
import io.heterospec.topology.Role;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import io.heterospec.topology.serve.HttpService;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
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
          + " prompts and shows the answers as they stream, then what the telemetry says.",
      "",
      "The time to the first token is from publishing a prompt to reading its first delta,"
          + " uncommitted. What is shown and checked is committed."
    },
    footer = {
      "",
      "Examples:",
      "  heterospec demo",
      "  heterospec demo --mode vanilla --json",
      "  heterospec demo --prompts questions.jsonl --concurrency 8 --warm-up 8",
      "  heterospec demo --prompts questions.jsonl --request-rate 2.5 --warm-up 8"
    })
final class DemoCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions models;
  @Mixin DemoLoad load;

  @Option(
      names = "--mode",
      paramLabel = "vanilla|eagle3|heterospec|budgeted",
      description = ModelOptions.SHOWN_MODE)
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

  @Option(
      names = "--stay",
      description = "Then serve OpenAI's API on the loopback interface until Ctrl-C.")
  boolean stay;

  @Option(
      names = "--http-port",
      paramLabel = "N",
      defaultValue = "8080",
      description = "Port of that API. Default: ${DEFAULT-VALUE}.")
  int httpPort;

  @Option(names = "--json", description = "Print one JSON object, and no text.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    Map<String, String> prompts = load.prompts();
    requireSampling();
    err.println("Starting the broker, the registry, the engine and the topology…");
    Path data = Files.createTempDirectory("heterospec-demo");
    Parts parts = new Parts();
    parts.keep(() -> TemporaryDirectory.delete(data));
    try (StopOnce stop = new StopOnce(parts)) {
      Shutdown.onSignal(stop, err);
      LocalCluster cluster = parts.keep(LocalCluster.start(data, 0, 0, engine(), roles()));
      try (EventReader reader = EventReader.ofAll(cluster.config());
          PromptPublisher publisher = new PromptPublisher(cluster.config());
          DeltaTimer timer = new DeltaTimer(EventReader.ofUncommittedDeltas(cluster.config()))) {
        DemoRun.Watch watch = () -> stillRunning(cluster, stop);
        if (!warmUp(prompts, reader, publisher, watch)) {
          return HeteroSpec.FAILED; // interrupted by the user
        }
        err.printf(
            "Publishing %d prompt events to %s%n", prompts.size(), cluster.bootstrapServers());
        int result = run(prompts, reader, publisher, timer, watch);
        return stay && result == 0 ? stay(cluster, parts) : result;
      }
    }
  }

  // Before anything is started: later the router refuses every prompt.
  private void requireSampling() {
    var unused = new SamplingParams(maxTokens, temperature, 0, 1, 0, List.of(), false);
  }

  private Set<Role> roles() {
    return stay ? EnumSet.allOf(Role.class) : EnumSet.of(Role.ROUTER, Role.PROCESSOR);
  }

  // Everything that reads and publishes the demo's own prompts stays open: it costs little.
  private int stay(LocalCluster cluster, Parts parts) throws InterruptedException {
    HttpService http =
        parts.keep(
            HttpService.start(cluster.config(), httpPort, cluster.application(), cluster.engine()));
    PrintWriter err = spec.commandLine().getErr();
    err.printf("Kafka       %s%n", cluster.bootstrapServers());
    err.printf("OpenAI API  %s/v1%n", http.url());
    err.println("Stop with Ctrl-C.");
    err.flush();
    cluster.application().awaitShutdown();
    return Shutdown.result(cluster.application());
  }

  private EngineOptions engine() {
    EngineOptions options = models.shown(mode);
    int live = load.maxLive(options.maxLive());
    return options.withLimits(live, options.maxQueued());
  }

  private static boolean stillRunning(LocalCluster cluster, StopOnce stop) {
    if (!stop.isClosed() && !cluster.application().healthy()) {
      throw new IllegalStateException(
          "the application stopped"
              + cluster.application().failure().map(e -> ": " + e.getMessage()).orElse(""));
    }
    return !stop.isClosed();
  }

  private boolean warmUp(
      Map<String, String> prompts,
      EventReader reader,
      PromptPublisher publisher,
      DemoRun.Watch watch)
      throws InterruptedException {
    List<String> texts = List.copyOf(prompts.values());
    Map<String, String> first = new LinkedHashMap<>();
    for (int i = 0; i < load.warmUp; i++) {
      first.put("warm-up-" + (i + 1), texts.get(i % texts.size()));
    }
    DemoReport report = new DemoReport(List.copyOf(first.keySet()));
    DemoRun run =
        new DemoRun(reader, publisher, report, events(first), load.warmUpPace(), id -> {});
    return run.run(watch) >= 0;
  }

  private int run(
      Map<String, String> prompts,
      EventReader reader,
      PromptPublisher publisher,
      DeltaTimer timer,
      DemoRun.Watch watch)
      throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    DemoReport report = new DemoReport(List.copyOf(prompts.keySet()));
    DemoPrinter printer = new DemoPrinter(out, prompts);
    DemoRun run =
        new DemoRun(reader, publisher, report, events(prompts), load.pace(), timer::publishing);
    double seconds =
        run.run(
            () -> {
              if (!json) {
                printer.update(report);
              }
              return watch.goOn();
            });
    if (seconds < 0) {
      return HeteroSpec.FAILED; // interrupted by the user
    }
    if (json) {
      Json.print(out, toJson(prompts.size(), report, timer.times(), seconds));
    } else {
      printer.summary(report, timer.times(), seconds);
    }
    report.faults().forEach(spec.commandLine().getErr()::println);
    return report.faults().isEmpty() && report.failed() == 0 ? 0 : HeteroSpec.FAILED;
  }

  private List<PromptEvent> events(Map<String, String> prompts) {
    List<PromptEvent> events = new ArrayList<>();
    prompts.forEach((id, text) -> events.add(event(id, text)));
    return events;
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

  private static ObjectNode toJson(
      int prompts, DemoReport report, DeltaTimes times, double seconds) {
    return Json.object()
        .put("prompts", prompts)
        .put("completions", report.completed())
        .put("failed", report.failed())
        .put("output_tokens", report.outputTokens())
        .put("target_calls", report.targetCalls())
        .put("telemetry_cycles", report.cycles())
        .put("mean_acceptance_length", Json.rounded(report.meanAcceptanceLength()))
        .put("tokens_per_second", Json.rounded(report.outputTokens() / seconds))
        .put("seconds", Json.rounded(seconds))
        .put("p50_ms_to_first_token", Json.rounded(times.msToFirstToken(0.5)))
        .put("p99_ms_to_first_token", Json.rounded(times.msToFirstToken(0.99)))
        .put("p50_ms_per_token", Json.rounded(times.msPerToken(0.5)));
  }
}
