package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.CheckpointSummary;
import io.heterospec.processor.checkpoint.Fabrication;
import io.heterospec.processor.checkpoint.TensorType;
import io.heterospec.processor.checkpoint.WeightFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Random weights for a configuration. */
@Command(
    name = "fabricate",
    hidden = true,
    mixinStandardHelpOptions = true,
    description =
        "Writes a checkpoint of random weights for a config.json, to try how a model of that size"
            + " loads and runs. Its text is noise.",
    footer = {
      "",
      "Examples:",
      "  heterospec fabricate --config DIR --out target",
      "  heterospec fabricate --config DIR --format sharded_pickled --dtype f16 --out head"
    })
final class FabricateCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "DIR",
      required = true,
      description = "Directory with the config.json of a target or a head.")
  Path config;

  @Option(
      names = "--format",
      defaultValue = "SAFETENSORS",
      description = "One of ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  WeightFormat format;

  @Option(
      names = "--dtype",
      paramLabel = "bf16|f16|f32",
      defaultValue = "BF16",
      description = "Type of the weights. Default: ${DEFAULT-VALUE}.")
  TensorType type;

  @Option(
      names = "--shard-mb",
      paramLabel = "MIB",
      defaultValue = "4096",
      description = "Most bytes of a shard. Default: ${DEFAULT-VALUE}.")
  long shardMb;

  @Option(names = "--seed", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Gets the files; must not hold them yet.")
  Path out;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    if (!type.isFloating()) {
      throw new UsageException("--dtype must be bf16, f16 or f32, got " + type);
    }
    AtLeast.require("--shard-mb", shardMb, 1);
    Fabrication fabrication = Fabrication.plan(config, type, seed);
    try (Progress progress = new Progress("fabricate", fabrication.tensors())) {
      fabrication.write(out, format, shardMb << 20, progress::step);
    }
    CheckpointSummary summary = CheckpointSummary.of(out);
    PrintWriter printer = spec.commandLine().getOut();
    if (json) {
      ObjectNode object = Json.object();
      object.put("out", out.toString());
      object.put("parameters", summary.parameters());
      object.put("bytes", summary.bytes());
      Json.print(printer, object);
    } else {
      printer.printf(
          Locale.ROOT,
          "%.1f M random parameters, %.1f MiB; wrote %s%n",
          summary.parameters() / 1e6,
          summary.bytes() / 1048576.0,
          out);
      printer.flush();
    }
    return 0;
  }
}
