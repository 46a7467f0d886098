package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.SamplingParams;
import io.heterospec.processor.engine.TorchEngine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
    description = {
      "Measures tree policies side by side on one engine in one run.",
      "",
      "At concurrency c, c generations are in flight: as one ends the next prompt starts. Time is"
          + " wall time from the first submission to the last end, prompts included. Above"
          + " concurrency 1 the categories run mixed, and the seconds of a category are the share"
          + " of the wall time that its generations were in flight for.",
      "",
      "With --request-rate, requests arrive at random times instead, whether or not others have"
          + " ended: the latency is then what users see who do not wait for each other.",
      "",
      "Milliseconds per token are the times between tokens after the first: the time from one step"
          + " of a generation to the next, divided by the step's tokens. The time to the first"
          + " token, from submission, stands apart."
    },
    footer = {
      "",
      "Examples:",
      "  heterospec bench --prompts questions.jsonl",
      "  heterospec bench --prompts a.jsonl --prompts b.jsonl --modes vanilla,heterospec --limit 8",
      "  heterospec bench --prompts questions.jsonl --concurrency 1,2,4,8 --repeat 3 --chart b.png",
      "  heterospec bench --prompts questions.jsonl --request-rate 2.5 --concurrency 8",
      "  heterospec bench --prompts questions.jsonl --modes survey --trace survey.jsonl"
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
      description = "Generations in flight. Default: 1, and with --request-rate 16.")
  List<Integer> concurrency;

  @Mixin RequestRate rate;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "2",
      description =
          "Prompts that each mode runs untimed before each concurrency, at least as many as are in"
              + " flight; 0 for none. Default: ${DEFAULT-VALUE}.")
  int warmUp;

  @Option(
      names = "--repeat",
      paramLabel = "R",
      defaultValue = "1",
      description =
          "Times that everything is measured; each figure is the median. Default:"
              + " ${DEFAULT-VALUE}.")
  int repeat;

  @Option(
      names = "--chart",
      paramLabel = "FILE.png|FILE.svg",
      description = "Write tokens/s by concurrency and the speed-up by category as a chart, too.")
  Path chart;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "Write every measured cycle as a JSON line, which slows it down a little; with"
              + " --modes survey for simulate.")
  Path trace;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    SamplingParams sampling =
        new SamplingParams(maxTokens, temperature, 0, 1, seed, List.of(), false);
    AtLeast.require("--repeat", repeat, 1);
    AtLeast.require("--warm-up", warmUp, 0);
    rate.require();
    EngineOptions options = models.engine();
    List<Integer> levels = levels(options);
    ChartFile chartFile = chart == null ? null : ChartFile.of(chart);
    List<PromptFile.Prompt> prompts = promptFiles.read();
    int most = Collections.max(levels);
    int queued = rate.isOpen() ? prompts.size() : most;
    try (TorchEngine engine = LoadBar.open(options.withLimits(most, queued));
        TraceWriter cycles = trace == null ? null : new TraceWriter(trace)) {
      List<String> names = names(engine);
      List<BenchPrompt> fitting = fitting(engine, prompts);
      if (!rate.isOpen() && fitting.size() < most) {
        throw new UsageException(
            "--concurrency %d needs as many prompts, but there are %d"
                .formatted(most, fitting.size()));
      }
      Bench bench = new Bench(engine, sampling, names, fitting, rate, cycles);
      BenchTable table =
          new BenchTable(names, measure(bench, levels, names.size() * fitting.size()));
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        Json.print(out, toJson(engine, fitting.size(), table));
      } else {
        out.printf("%s; tree %s%n%n", title(engine, fitting.size()), engine.shape());
        new BenchPrinter(out, table).print();
      }
      if (chartFile != null) {
        chartFile.write(new BenchChart(table, title(engine, fitting.size())));
      }
      return 0;
    }
  }

  // Ascending, each once.
  private List<Integer> levels(EngineOptions options) {
    if (concurrency == null) {
      return List.of(rate.isOpen() ? options.maxLive() : 1);
    }
    AtLeast.require("--concurrency", Collections.min(concurrency), 1);
    List<Integer> levels = concurrency.stream().distinct().sorted().toList();
    if (rate.isOpen() && levels.size() > 1) {
      throw new UsageException(
          "--request-rate takes one --concurrency, the most that decode at a time, got " + levels);
    }
    return levels;
  }

  private List<String> names(TorchEngine engine) {
    List<String> names = modes == null ? engine.modes() : modes.stream().distinct().toList();
    for (String name : names) {
      if (!engine.serves(name)) {
        throw new UsageException("mode '" + name + "' is not served; use " + engine.modes());
      }
    }
    return names;
  }

  private List<BenchPrompt> fitting(TorchEngine engine, List<PromptFile.Prompt> prompts) {
    int room = engine.model().contextLength() - maxTokens;
    List<BenchPrompt> fitting = new ArrayList<>();
    for (PromptFile.Prompt prompt : prompts) {
      int[] ids = Prompts.encode(engine, prompt.text());
      if (ids.length <= room) {
        fitting.add(new BenchPrompt(fitting.size(), prompt.category(), ids));
      }
    }
    if (fitting.size() < prompts.size()) {
      spec.commandLine()
          .getErr()
          .printf(
              "%d of %d prompts are left out: with %d answer tokens they do not fit the context%n",
              prompts.size() - fitting.size(), prompts.size(), maxTokens);
    }
    if (fitting.isEmpty()) {
      throw new UsageException("no prompt fits the context; lower --max-tokens");
    }
    return fitting;
  }

  private List<BenchBlock> measure(Bench bench, List<Integer> levels, int generations) {
    List<BenchBlock> blocks = new ArrayList<>();
    try (Progress progress = new Progress("bench", (long) generations * levels.size() * repeat)) {
      for (int repetition = 0; repetition < repeat; repetition++) {
        for (int level : levels) {
          if (repetition == 0 && warmUp > 0) {
            bench.warmUp(level, warmUp);
          }
          blocks.addAll(bench.measure(level, repetition, progress::step));
        }
      }
    }
    return blocks;
  }

  private ObjectNode toJson(TorchEngine engine, int prompts, BenchTable table) {
    ObjectNode object =
        Json.object()
            .put("model", engine.model().name())
            .put("device", engine.device())
            .put("dtype", engine.dtype().label())
            .put("threads", engine.threads())
            .put("tree", engine.shape().toString())
            .put("prompts", prompts)
            .put("max_tokens", maxTokens)
            .put("temperature", temperature)
            .put("repetitions", repeat)
            .put("request_rate", rate.perSecond);
    ArrayNode runs = object.putArray("runs");
    table.rows().forEach(row -> runs.add(row.toJson()));
    return object.set("summary", BenchSummary.toJson(table));
  }

  private String title(TorchEngine engine, int prompts) {
    return "%s on %s, %s, %d %s; %s%s, at most %d tokens each"
        .formatted(
            engine.model().name(),
            engine.device(),
            engine.dtype().label(),
            engine.threads(),
            engine.threads() == 1 ? "thread" : "threads",
            prompts == 1 ? "1 prompt" : prompts + " prompts",
            rate.isOpen() ? " at " + rate.perSecond + "/s" : "",
            maxTokens);
  }
}
