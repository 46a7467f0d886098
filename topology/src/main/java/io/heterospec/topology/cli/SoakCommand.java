package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.topology.HeteroSpecConfig;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.CommonClientConfigs;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What a long run takes, in a short one. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    description = {
      "Runs broker, registry, router and a processor as processes of this machine and keeps them"
          + " busy with short conversations that are soon forgotten. Prints what the processor"
          + " takes from time to time, and says whether memory, threads, RocksDB files and open"
          + " sessions level off and the stream thread polls at least once a second. Exit code 1"
          + " when not, or when a request fails, ends twice, or does not end while nothing else"
          + " comes for 5 minutes.",
      "",
      "With as many requests in flight as prompts, all are published at once; with --cold a new"
          + " processor finds them. What such a burst leaves has no time to level off: only the"
          + " polls and the answers count then."
    },
    footer = {
      "",
      "Examples:",
      "  heterospec soak --seconds 600",
      "  heterospec soak --prompts 10000 --in-flight 10000 --max-tokens 4 --cold --json"
    })
final class SoakCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "600",
      description = "How long prompts are published. Default: ${DEFAULT-VALUE}.")
  int seconds;

  @Option(
      names = "--prompts",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Prompts at most. Default: ${DEFAULT-VALUE}.")
  int prompts;

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "16",
      description = "Requests that are open at once. Default: ${DEFAULT-VALUE}.")
  int inFlight;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "8",
      description = "Tokens of each answer. Default: ${DEFAULT-VALUE}.")
  int maxTokens;

  @Option(
      names = "--ttl",
      paramLabel = "S",
      defaultValue = "20",
      description =
          "Seconds after which idle sessions and ids are forgotten. Default: ${DEFAULT-VALUE}.")
  int ttl;

  @Option(
      names = "--interval",
      paramLabel = "S",
      defaultValue = "10",
      description = "Seconds between samples. Default: ${DEFAULT-VALUE}.")
  int interval;

  @Option(
      names = "--cold",
      description =
          "Publish the first requests before the processor starts, which is warmed up otherwise.")
  boolean cold;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws Exception {
    AtLeast.require("--seconds", seconds, 1);
    AtLeast.require("--prompts", prompts, 1);
    AtLeast.require("--in-flight", inFlight, 1);
    AtLeast.require("--max-tokens", maxTokens, 1);
    AtLeast.require("--ttl", ttl, 1);
    AtLeast.require("--interval", interval, 1);
    Path directory = Files.createTempDirectory("heterospec-soak");
    String ttlMs = Long.toString(ttl * 1000L);
    ChaosCluster cluster =
        new ChaosCluster(
            directory,
            1,
            "classic",
            Map.of(
                HeteroSpecConfig.SESSION_TTL_MS,
                ttlMs,
                HeteroSpecConfig.REQUEST_ID_RETENTION_MS,
                ttlMs,
                CommonClientConfigs.METRICS_SAMPLE_WINDOW_MS_CONFIG,
                Integer.toString(interval * 1000)));
    try (StopOnce stop = new StopOnce(cluster)) {
      PrintWriter err = spec.commandLine().getErr();
      Shutdown.onSignal(stop, err);
      header(err);
      SoakRun.Outcome outcome =
          new SoakRun(
                  cluster,
                  new ChaosLoad(maxTokens),
                  new SoakRun.Plan(
                      prompts,
                      Duration.ofSeconds(seconds),
                      inFlight,
                      Duration.ofSeconds(interval),
                      cold),
                  sample -> row(err, sample))
              .run();
      List<String> growing = isBurst() ? List.of() : SoakVerdict.growing(outcome.samples());
      double pollGap = SoakVerdict.longestPollGap(outcome.samples());
      print(outcome, growing, pollGap);
      stop.close();
      TemporaryDirectory.delete(directory);
      return growing.isEmpty()
              && pollGap < SoakVerdict.LONGEST_POLL_GAP
              && outcome.everyRequestEndedOnceAndWell()
          ? 0
          : HeteroSpec.FAILED;
    }
  }

  private boolean isBurst() {
    return inFlight >= prompts;
  }

  private String growth(List<String> growing) {
    if (isBurst()) {
      return "All prompts came at once: what that leaves has no time to level off.";
    }
    return growing.isEmpty() ? "Nothing keeps growing." : "Still growing:";
  }

  private static void header(PrintWriter err) {
    err.printf(
        "%7s %8s %8s %7s %7s %6s %9s %8s %8s %8s %7s%n",
        "seconds",
        "ended",
        "rss MiB",
        "heap",
        "threads",
        "files",
        "state MiB",
        "sessions",
        "pending",
        "lag",
        "gap ms");
    err.flush();
  }

  private static void row(PrintWriter err, SoakSample at) {
    err.printf(
        "%7.0f %8d %8.0f %7.0f %7.0f %6.0f %9.1f %8.0f %8.0f %8.0f %7.0f%n",
        at.seconds(),
        at.completions(),
        at.rss(),
        at.heap(),
        at.threads(),
        at.stateFiles(),
        at.stateMb(),
        at.sessions(),
        at.pending(),
        at.lag(),
        at.pollGap() * 1000);
    err.flush();
  }

  private void print(SoakRun.Outcome outcome, List<String> growing, double pollGap) {
    PrintWriter out = spec.commandLine().getOut();
    if (!json) {
      out.printf(
          "%d completions, %d failed, %d of requests that were not open;"
              + " longest time between polls %.0f ms%n",
          outcome.completions(), outcome.failed(), outcome.surplus(), pollGap * 1000);
      out.println(growth(growing));
      growing.forEach(each -> out.println("  " + each));
      out.flush();
      return;
    }
    ObjectNode object =
        Json.object()
            .put("prompts", outcome.published())
            .put("completions", outcome.completions())
            .put("failed", outcome.failed())
            .put("surplus", outcome.surplus())
            .put("longest_poll_gap_seconds", Json.rounded(pollGap));
    ArrayNode grows = object.putArray("growing");
    growing.forEach(grows::add);
    ArrayNode samples = object.putArray("samples");
    for (SoakSample at : outcome.samples()) {
      samples
          .addObject()
          .put("seconds", Json.rounded(at.seconds()))
          .put("completions", at.completions())
          .put("rss_mib", Json.rounded(at.rss()))
          .put("heap_mib", Json.rounded(at.heap()))
          .put("threads", (int) at.threads())
          .put("state_files", (int) at.stateFiles())
          .put("state_mib", Json.rounded(at.stateMb()))
          .put("sessions", (int) at.sessions())
          .put("pending", (int) at.pending())
          .put("lag", (int) at.lag())
          .put("poll_gap_seconds", Json.rounded(at.pollGap()));
    }
    Json.print(out, object);
  }
}
