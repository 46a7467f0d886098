package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.CheckpointSummary;
import io.heterospec.processor.checkpoint.Inflation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A larger pair that computes the same. */
@Command(
    name = "inflate",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a larger model pair that computes the same function: more zeros, more layers that"
          + " change nothing.",
      "Its text and acceptance are those of the small pair, its cost that of a model of its size:"
          + " for benchmarks of sizes for which no trained pair is at hand."
    },
    footer = {
      "",
      "The function is the same to rounding. In 16 bits it is exactly as precise as the original's"
          + " where",
      "the width is 1, 4, 16 or 64; elsewhere the norms' weights are not numbers of 16 bits.",
      "",
      "Examples:",
      "  heterospec inflate --width 2 --layers 32 --out inflated",
      "  heterospec inflate --model DIR --draft DIR --width 4 --out inflated --json"
    })
final class InflateCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Hugging Face directory of the target. Default: the bundled demo pair.")
  Path model;

  @Option(names = "--draft", paramLabel = "DIR", description = "Directory of its EAGLE-3 head.")
  Path draft;

  @Option(
      names = "--width",
      paramLabel = "W",
      defaultValue = "1",
      description =
          "How many times as wide hidden state and MLP become, and how many times as many heads."
              + " 1 to 64. Default: ${DEFAULT-VALUE}.")
  int width;

  @Option(
      names = "--layers",
      paramLabel = "N",
      description = "Layers of the new target. Default: as many as it has.")
  Integer layers;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Gets the directories target and draft. Must be empty or not exist.")
  Path out;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    if (model != null && draft == null) {
      throw new UsageException("inflate needs a draft head; give --draft");
    }
    Inflation inflation =
        Inflation.plan(
            model == null ? ModelOptions.bundled("target") : model,
            draft == null ? ModelOptions.bundled("draft") : draft,
            width,
            layers);
    try (Progress progress = new Progress("inflate", inflation.tensors())) {
      inflation.write(out, progress::step);
    }
    print(
        CheckpointSummary.of(out.resolve(Inflation.TARGET)),
        CheckpointSummary.of(out.resolve(Inflation.DRAFT), out.resolve(Inflation.TARGET)),
        inflation.keepsBins());
    return 0;
  }

  private void print(CheckpointSummary target, CheckpointSummary head, boolean bins) {
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      ObjectNode object = Json.object();
      object.put("out", out.toString());
      object.put("layers", target.layers());
      object.put("hidden_size", target.hiddenSize());
      object.put("target_parameters", target.parameters());
      object.put("draft_parameters", head.parameters());
      object.put("bytes", target.bytes() + head.bytes());
      object.put("entropy_bins", bins);
      Json.print(printer, object);
      return;
    }
    printer.printf(
        Locale.ROOT,
        "target of %.1f M parameters (%d layers, hidden %d), head of %.1f M; wrote %s%n",
        target.parameters() / 1e6,
        target.layers(),
        target.hiddenSize(),
        head.parameters() / 1e6,
        out);
    if (!bins) {
      printer.println("The head has no entropy bins of its pair to take over; run calibrate.");
    }
    printer.flush();
  }
}
