package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whether the promises hold while processes die. */
@Command(
    name = "chaos",
    mixinStandardHelpOptions = true,
    description = {
      "Runs broker, registry, router and processors as processes of this machine, lets faults"
          + " happen to them, and checks what a read_committed reader sees: one end for each"
          + " request, the turns of a session in order, deltas without gap or overlap, and the text"
          + " of a run without faults. Exit code 1 when anything is not so.",
      "",
      "Faults take turns: kill, terminate, pause beyond the session timeout, broker restart, state"
          + " wiped, state corrupted, registry outage. Recovery is the time until every request"
          + " that was under way has gone on."
    },
    footer = {
      "",
      "Examples:",
      "  heterospec chaos --prompts 200 --kills 14 --instances 2",
      "  heterospec chaos --protocol streams --json"
    })
final class ChaosCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--prompts",
      paramLabel = "N",
      defaultValue = "200",
      description = "Requests, in conversations of three turns. Default: ${DEFAULT-VALUE}.")
  int prompts;

  @Option(
      names = "--kills",
      paramLabel = "K",
      defaultValue = "14",
      description = "Faults. Default: ${DEFAULT-VALUE}.")
  int kills;

  @Option(
      names = "--instances",
      paramLabel = "I",
      defaultValue = "2",
      description = "Processors. Default: ${DEFAULT-VALUE}.")
  int instances;

  @Option(
      names = "--protocol",
      paramLabel = "classic|streams",
      defaultValue = "classic",
      description = "Group protocol. Default: ${DEFAULT-VALUE}.")
  String protocol;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "48",
      description = "Tokens of each answer. Default: ${DEFAULT-VALUE}.")
  int maxTokens;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    requireAtLeast("--prompts", prompts);
    requireAtLeast("--kills", kills);
    requireAtLeast("--instances", instances);
    requireAtLeast("--max-tokens", maxTokens);
    if (!List.of("classic", "streams").contains(protocol)) {
      throw new UsageException("--protocol must be classic or streams, got " + protocol);
    }
    Path directory = Files.createTempDirectory("heterospec-chaos");
    long start = System.nanoTime();
    ChaosHistory history = new ChaosHistory();
    ChaosCluster cluster = new ChaosCluster(directory, instances, protocol);
    try (StopOnce stop = new StopOnce(cluster)) {
      PrintWriter err = spec.commandLine().getErr();
      Shutdown.onSignal(stop, err);
      ChaosRun run =
          new ChaosRun(
              cluster,
              new ChaosLoad(maxTokens),
              history,
              line -> {
                err.println(line);
                err.flush();
              });
      ChaosRun.Outcome outcome = run.run(prompts, kills);
      print(outcome, history, cluster.restarts(), (System.nanoTime() - start) / 1e9);
      stop.close();
      if (outcome.violations().isEmpty()) {
        delete(directory);
        return 0;
      }
      err.println("Logs and data: " + directory);
      return HeteroSpec.FAILED;
    }
  }

  private static void requireAtLeast(String option, int value) {
    if (value < 1) {
      throw new UsageException("%s must be 1 or more, got %d".formatted(option, value));
    }
  }

  private void print(ChaosRun.Outcome outcome, ChaosHistory history, int restarts, double seconds) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, toJson(outcome, history, restarts, seconds));
      return;
    }
    out.printf("%-16s %6s  %s%n", "fault", "count", "recovery, seconds");
    for (ChaosFault fault : ChaosFault.values()) {
      double[] times = recoveries(outcome, fault);
      if (times.length > 0) {
        out.printf(
            "%-16s %6d  median %.1f, longest %.1f%n",
            name(fault),
            times.length,
            Quantiles.nearestRank(times, 0.5),
            Quantiles.nearestRank(times, 1));
      }
    }
    out.printf(
        "%d completions, %d dead letters, %d violations in %.0f s%n",
        history.completions(), history.deadLetters(), outcome.violations().size(), seconds);
    outcome.violations().forEach(out::println);
    out.flush();
  }

  private ObjectNode toJson(
      ChaosRun.Outcome outcome, ChaosHistory history, int restarts, double seconds) {
    ObjectNode object =
        Json.object()
            .put("prompts", prompts)
            .put("instances", instances)
            .put("protocol", protocol)
            .put("completions", history.completions())
            .put("dead_letters", history.deadLetters())
            .put("restarts", restarts)
            .put("seconds", Json.rounded(seconds));
    ObjectNode faults = object.putObject("faults");
    for (ChaosFault fault : ChaosFault.values()) {
      double[] times = recoveries(outcome, fault);
      ArrayNode recovery =
          faults.putObject(name(fault)).put("count", times.length).putArray("recovery_seconds");
      for (double time : times) {
        recovery.add(Json.rounded(time));
      }
    }
    ArrayNode violations = object.putArray("violations");
    outcome.violations().forEach(violations::add);
    return object;
  }

  private static double[] recoveries(ChaosRun.Outcome outcome, ChaosFault fault) {
    return outcome.strikes().stream()
        .filter(strike -> strike.fault() == fault)
        .mapToDouble(ChaosRun.Strike::recoverySeconds)
        .toArray();
  }

  private static String name(ChaosFault fault) {
    return fault.name().toLowerCase(Locale.ROOT);
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
