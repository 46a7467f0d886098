package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
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
          + " wiped, state corrupted, page of a session cache corrupted, registry outage. Recovery"
          + " is the time until every request that was under way has gone on, waiting ones included."
          + " Of instances that are killed it also says when the requests that they were generating"
          + " went on elsewhere."
    },
    footer = {
      "",
      "Examples:",
      "  heterospec chaos --prompts 200 --kills 16 --instances 2",
      "  heterospec chaos --faults kill --kills 4 --in-flight 6 --max-tokens 200",
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
      defaultValue = "16",
      description = "Faults. Default: ${DEFAULT-VALUE}.")
  int kills;

  @Option(
      names = "--faults",
      split = ",",
      paramLabel = "F",
      description = "Kinds of faults that take turns: ${COMPLETION-CANDIDATES}. Default: all.")
  List<ChaosFault> faults = List.of(ChaosFault.values());

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "48",
      description = "Requests that are open at once. Default: ${DEFAULT-VALUE}.")
  int inFlight;

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
      defaultValue = "96",
      description = "Tokens of each answer. Default: ${DEFAULT-VALUE}.")
  int maxTokens;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    AtLeast.require("--prompts", prompts, 1);
    AtLeast.require("--kills", kills, 1);
    AtLeast.require("--in-flight", inFlight, 1);
    AtLeast.require("--instances", instances, 1);
    AtLeast.require("--max-tokens", maxTokens, 1);
    if (!List.of("classic", "streams").contains(protocol)) {
      throw new UsageException("--protocol must be classic or streams, got " + protocol);
    }
    Path directory = Files.createTempDirectory("heterospec-chaos");
    long start = System.nanoTime();
    ChaosHistory history = new ChaosHistory();
    ChaosCluster cluster = new ChaosCluster(directory, instances, protocol, Map.of());
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
      ChaosRun.Outcome outcome = run.run(ChaosPlan.of(prompts, faults, kills, inFlight));
      print(outcome, history, cluster, (System.nanoTime() - start) / 1e9);
      stop.close();
      if (outcome.violations().isEmpty()) {
        TemporaryDirectory.delete(directory);
        return 0;
      }
      err.println("Logs and data: " + directory);
      return HeteroSpec.FAILED;
    }
  }

  private void print(
      ChaosRun.Outcome outcome, ChaosHistory history, ChaosCluster cluster, double seconds) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, toJson(outcome, history, cluster, seconds));
      return;
    }
    out.printf("%-16s %6s  %s%n", "fault", "count", "recovery, seconds");
    for (ChaosFault fault : ChaosFault.values()) {
      double[] times = recoveries(outcome, fault);
      if (times.length > 0) {
        out.printf(
            "%-16s %6d  median %.1f, longest %.1f%n",
            fault,
            times.length,
            Quantiles.nearestRank(times, 0.5),
            Quantiles.nearestRank(times, 1));
        takeovers(outcome, fault).stream()
            .filter(Objects::nonNull)
            .forEach(each -> out.printf("%25s%s%n", "", each));
      }
    }
    out.printf(
        "%d completions, %d dead letters, %d violations in %.0f s%n",
        history.completions(), history.deadLetters(), outcome.violations().size(), seconds);
    outcome.violations().forEach(out::println);
    out.flush();
  }

  private ObjectNode toJson(
      ChaosRun.Outcome outcome, ChaosHistory history, ChaosCluster cluster, double seconds) {
    ObjectNode object =
        Json.object()
            .put("prompts", prompts)
            .put("instances", instances)
            .put("protocol", protocol)
            .put("completions", history.completions())
            .put("dead_letters", history.deadLetters())
            .put("restarts", cluster.restarts())
            .put("damaged_pages", cluster.damagedPages())
            .put("seconds", Json.rounded(seconds));
    ObjectNode kinds = object.putObject("faults");
    for (ChaosFault fault : ChaosFault.values()) {
      double[] times = recoveries(outcome, fault);
      ObjectNode described = kinds.putObject(fault.toString()).put("count", times.length);
      ArrayNode recovery = described.putArray("recovery_seconds");
      for (double time : times) {
        recovery.add(Json.rounded(time));
      }
      if (fault.kills()) {
        ArrayNode takeovers = described.putArray("takeovers");
        takeovers(outcome, fault).forEach(each -> takeovers.add(toJson(each)));
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

  private static List<Takeover> takeovers(ChaosRun.Outcome outcome, ChaosFault fault) {
    return outcome.strikes().stream()
        .filter(strike -> strike.fault() == fault)
        .map(ChaosRun.Strike::takeover)
        .toList();
  }

  private static ObjectNode toJson(Takeover takeover) {
    ObjectNode object = Json.object().put("requests", takeover.requests());
    putKnown(object, "reassigned_seconds", takeover.reassigned());
    putKnown(object, "median_seconds", takeover.median());
    putKnown(object, "longest_seconds", takeover.longest());
    return object;
  }

  private static void putKnown(ObjectNode object, String name, double seconds) {
    if (Double.isNaN(seconds)) {
      object.putNull(name);
    } else {
      object.put(name, Json.rounded(seconds));
    }
  }
}
