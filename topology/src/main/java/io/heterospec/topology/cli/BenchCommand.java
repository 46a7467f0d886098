package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.SamplingParams;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.processor.tree.VanillaPolicy;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The policies side by side. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures tree policies side by side on one engine in one run.",
    footer = {
      "",
      "Examples:",
      "  heterospec bench --prompts questions.jsonl",
      "  heterospec bench --prompts a.jsonl --prompts b.jsonl --modes vanilla,heterospec --limit 8"
    })
final class BenchCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions models;

  @Mixin PromptFileOptions promptFiles;

  @Option(
      names = "--modes",
      split = ",",
      paramLabel = "a,b",
      description = "Policies. Default: all that the model serves.")
  List<String> modes;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "Tokens of each answer. Default: ${DEFAULT-VALUE}.")
  int maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      defaultValue = "0",
      description = "Default: ${DEFAULT-VALUE}.")
  double temperature;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of the sampling.")
  long seed;

  @Option(
      names = "--concurrency",
      split = ",",
      paramLabel = "1,4",
      defaultValue = "1",
      description = "Generations at the same time. Default: ${DEFAULT-VALUE}.")
  List<Integer> concurrency;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() {
    List<PromptFile.Prompt> prompts = promptFiles.read();
    SamplingParams sampling =
        new SamplingParams(maxTokens, temperature, 0, 1, seed, List.of(), false);
    int most = concurrency.stream().max(Comparator.naturalOrder()).orElseThrow();
    if (concurrency.stream().anyMatch(c -> c < 1)) {
      throw new UsageException("--concurrency must be 1 or more, got " + concurrency);
    }
    try (TorchEngine engine =
        TorchEngine.open(models.engine(null).withLimits(Math.max(most, 1), most))) {
      List<String> names = modes == null ? engine.modes() : modes;
      for (String name : names) {
        if (!engine.modes().contains(name)) {
          throw new UsageException("mode '" + name + "' is not served; use " + engine.modes());
        }
      }
      List<Bench.Item> items = items(engine, prompts);
      Bench bench = new Bench(engine, sampling, names);
      bench.warmUp(items.get(0));
      try (Progress progress = new Progress("bench", (long) items.size() * concurrency.size())) {
        for (int c : concurrency) {
          bench.measure(items, c, progress::step);
        }
      }
      PrintWriter out = spec.commandLine().getOut();
      boolean vanilla = names.contains(VanillaPolicy.NAME);
      if (json) {
        Json.print(out, toJson(engine, items.size(), bench, vanilla));
      } else {
        print(out, engine, items.size(), bench, vanilla);
      }
      return 0;
    }
  }

  private List<Bench.Item> items(TorchEngine engine, List<PromptFile.Prompt> prompts) {
    int room = engine.model().contextLength() - maxTokens;
    List<Bench.Item> items = new ArrayList<>();
    for (PromptFile.Prompt prompt : prompts) {
      int[] ids = Prompts.encode(engine, prompt.text());
      if (ids.length <= room) {
        items.add(new Bench.Item(prompt.category(), ids));
      }
    }
    if (items.size() < prompts.size()) {
      spec.commandLine()
          .getErr()
          .printf(
              "%d of %d prompts are left out: with %d answer tokens they do not fit the context%n",
              prompts.size() - items.size(), prompts.size(), maxTokens);
    }
    if (items.isEmpty()) {
      throw new UsageException("no prompt fits the context; lower --max-tokens");
    }
    return items;
  }

  private static ObjectNode toJson(TorchEngine engine, int prompts, Bench bench, boolean vanilla) {
    ObjectNode object =
        Json.object()
            .put("model", engine.model().name())
            .put("device", engine.device())
            .put("threads", engine.threads())
            .put("prompts", prompts);
    ArrayNode runs = object.putArray("runs");
    bench.runs().forEach(run -> runs.add(run.toJson(vanilla)));
    return object;
  }

  private static void print(
      PrintWriter out, TorchEngine engine, int prompts, Bench bench, boolean vanilla) {
    out.printf(
        "%s on %s, %s, %d threads; %d prompts; tree %s%n%n",
        engine.model().name(),
        engine.device(),
        engine.dtype().label(),
        engine.threads(),
        prompts,
        engine.shape());
    out.printf(
        "%-12s %-4s %-12s %8s %9s %7s %8s %9s %8s %8s  %s%n",
        "category",
        "conc",
        "mode",
        "tokens",
        "tokens/s",
        "accept",
        "calls",
        "verified",
        "p50 ms",
        "p99 ms",
        "same as vanilla");
    List<BenchRun> rows = new ArrayList<>(bench.runs());
    rows.sort(
        Comparator.comparingInt(BenchRun::concurrency)
            .thenComparing(run -> run.category().equals(Bench.ALL))
            .thenComparing(BenchRun::category));
    for (BenchRun run : rows) {
      out.printf(
          Locale.ROOT,
          "%-12s %-4d %-12s %8d %9.1f %7.2f %8d %9d %8.2f %8.2f  %s%n",
          run.category(),
          run.concurrency(),
          run.mode(),
          run.outputTokens(),
          run.tokensPerSecond(),
          run.meanAcceptanceLength(),
          run.targetCalls(),
          run.verifiedTokens(),
          run.percentile(0.5),
          run.percentile(0.99),
          vanilla ? (run.identical() ? "yes" : "no") : "-");
    }
    out.flush();
  }
}
