package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.Calibrator;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.EntropyBinsFile;
import io.heterospec.processor.tree.SurvivalFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Entropy bins of a model pair. */
@Command(
    name = "calibrate",
    mixinStandardHelpOptions = true,
    description =
        "Runs the fixed-tree decoder over prompts and writes entropy bins and survival counts beside"
            + " the head.",
    footer = {
      "",
      "Examples:",
      "  heterospec calibrate --prompts questions.jsonl",
      "  heterospec calibrate --model DIR --draft DIR --prompts a.jsonl --max-tokens 256"
    })
final class CalibrateCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions models;

  @Mixin PromptFileOptions promptFiles;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "Tokens of each answer. Default: ${DEFAULT-VALUE}.")
  int maxTokens;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    List<PromptFile.Prompt> prompts = promptFiles.read();
    EngineOptions options = models.engine();
    if (options.draft() == null) {
      throw new UsageException("calibrate needs a draft head; give --draft");
    }
    Path file = options.draft().resolve(EntropyBinsFile.NAME);
    try (TorchEngine engine = LoadBar.open(options);
        Progress progress = new Progress("calibrate", prompts.size())) {
      List<int[]> ids = encode(engine, prompts);
      Calibrator.Learned learned = Calibrator.run(engine, ids, maxTokens, done -> progress.step());
      EntropyBins bins = learned.bins();
      EntropyBinsFile.write(file, bins);
      new SurvivalFile(engine.model().fingerprint(), learned.survival())
          .write(options.draft().resolve(SurvivalFile.NAME));
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        ObjectNode object = (ObjectNode) Json.MAPPER.readTree(file.toFile());
        Json.print(out, object.put("file", file.toString()));
      } else {
        print(out, file, bins);
      }
      return 0;
    }
  }

  private static List<int[]> encode(TorchEngine engine, List<PromptFile.Prompt> prompts) {
    List<int[]> ids = new ArrayList<>();
    for (PromptFile.Prompt prompt : prompts) {
      int[] encoded = Prompts.encode(engine, prompt.text());
      if (encoded.length < engine.model().contextLength()) {
        ids.add(encoded);
      }
    }
    return ids;
  }

  private static void print(PrintWriter out, Path file, EntropyBins bins) {
    out.printf(
        "%d cycles, %d with the whole meta-path accepted; wrote %s%n%n",
        bins.cycles(), bins.fullyAccepted(), file);
    out.printf(
        "%-4s %18s %8s %10s %10s%n", "bin", "entropy (nats)", "cycles", "mean rank", "variance");
    for (int i = 0; i < bins.stats().size(); i++) {
      EntropyBins.BinStats bin = bins.stats().get(i);
      out.printf(
          Locale.ROOT,
          "B%-3d %8.3f – %7.3f %8d %10.2f %10.2f%n",
          i,
          bin.lower(),
          bin.upper(),
          bin.count(),
          bin.meanRank(),
          bin.rankVariance());
    }
    out.flush();
  }
}
