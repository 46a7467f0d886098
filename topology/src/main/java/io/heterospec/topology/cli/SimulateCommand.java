package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.simulate.SurveyFile;
import io.heterospec.processor.simulate.SurveyedText;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.CostTableFile;
import io.heterospec.processor.tree.TreeShape;
import io.heterospec.processor.tree.VanillaPolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The policies on recorded proposals, without a model. */
@Command(
    name = "simulate",
    mixinStandardHelpOptions = true,
    description = {
      "Decodes recorded texts again with any policy, without a model, within seconds.",
      "",
      "A survey drafts a deep tree at every token, so its trace tells what the head proposes and"
          + " what the target accepts there, whatever a policy drafts. Times come from a cost"
          + " table, as measured on a device and kept beside the head. Prefill is not counted."
    },
    footer = {
      "",
      "Examples:",
      "  heterospec bench --prompts questions.jsonl --modes survey --trace survey.jsonl",
      "  heterospec simulate --trace survey.jsonl --concurrency 1,4,16",
      "  heterospec simulate --trace b.jsonl --calibrate-on a.jsonl --tree-depth 6 --tree-nodes 12",
      "  heterospec simulate --trace survey.jsonl --modes budgeted --budget history-prior=6"
    })
final class SimulateCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin TreeOptions tree;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      required = true,
      description = "Trace of the mode survey; repeatable.")
  List<Path> traces;

  @Option(
      names = "--calibrate-on",
      paramLabel = "FILE",
      description =
          "Take entropy bins and survival from these traces instead of those beside the head;"
              + " repeatable.")
  List<Path> calibration;

  @Option(
      names = "--draft",
      paramLabel = "DIR",
      description = "Directory of the head. Default: the bundled one.")
  Path draft;

  @Option(
      names = "--costs",
      paramLabel = "FILE",
      description = "Cost table. Default: the one beside the head.")
  Path costs;

  @Option(
      names = "--modes",
      split = ",",
      paramLabel = "a,b",
      defaultValue = "vanilla,eagle3,heterospec,budgeted",
      description = "Policies. Default: ${DEFAULT-VALUE}.")
  List<String> modes;

  @Option(
      names = "--concurrency",
      split = ",",
      paramLabel = "1,4",
      defaultValue = "1",
      description = "Texts decoded at a time. Default: ${DEFAULT-VALUE}.")
  List<Integer> concurrency;

  @Option(
      names = "--budget",
      split = ",",
      paramLabel = "NAME=VALUE",
      description = "Constants of the budgeted policy, such as history-prior=6.")
  Map<String, Double> budget = Map.of();

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    AtLeast.require("--concurrency", Collections.min(concurrency), 1);
    Path head = draft == null ? ModelOptions.bundled("draft") : draft;
    CostTable table = read(costs == null ? costsBeside(head) : costs);
    TreeShape shape = tree.shape(TreeShape.cpuDefault());
    List<SurveyedText> texts = texts(traces);
    Simulation simulation =
        Simulation.of(head, shape, tree.heteroSpec(shape), budget, table, texts);
    if (calibration != null) {
      simulation = simulation.calibratedOn(texts(calibration));
    }
    List<SimulatedRun> runs = new ArrayList<>();
    for (int level : concurrency.stream().distinct().sorted().toList()) {
      for (String mode : modes.stream().distinct().toList()) {
        runs.add(simulation.run(mode, level));
      }
    }
    runs.addAll(simulation.bounds());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, toJson(table, shape, texts.size(), runs));
    } else {
      out.printf("%d texts; %s; costs of %s%n%n", texts.size(), shape, table.device());
      new SimulationPrinter(out, runs).print();
    }
    return 0;
  }

  private static List<SurveyedText> texts(List<Path> files) {
    List<SurveyedText> texts = new ArrayList<>();
    for (Path file : files) {
      try {
        texts.addAll(SurveyFile.read(file));
      } catch (IOException e) {
        throw new UsageException("trace " + file + " cannot be read: " + e.getMessage(), e);
      }
    }
    return texts;
  }

  private static CostTable read(Path file) {
    try {
      return CostTableFile.read(file);
    } catch (IOException e) {
      throw new UsageException("cost table " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Path costsBeside(Path head) throws IOException {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(head)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(head, CostTableFile.PATTERN)) {
        files.forEach(found::add);
      }
    }
    if (found.size() != 1) {
      throw new UsageException(
          "%s holds %s cost tables; name one with --costs, or run bench to measure one"
              .formatted(head, found.isEmpty() ? "no" : found.size()));
    }
    return found.get(0);
  }

  private static ObjectNode toJson(
      CostTable table, TreeShape shape, int texts, List<SimulatedRun> runs) {
    ObjectNode object =
        Json.object()
            .put("costs", table.device())
            .put("tree", shape.toString())
            .put("texts", texts);
    ArrayNode array = object.putArray("runs");
    for (SimulatedRun run : runs) {
      SimulatedRun vanilla = SimulatedRun.find(runs, VanillaPolicy.NAME, run.concurrency());
      for (String category : run.categories()) {
        array.add(run.toJson(category, vanilla));
      }
    }
    return object;
  }
}
