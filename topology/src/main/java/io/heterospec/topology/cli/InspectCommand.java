package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.CheckpointSummary;
import io.heterospec.processor.engine.MemoryPlan;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What a checkpoint holds. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description =
        "Shows what a checkpoint holds and whether this program can run it (exit code 2 if not).",
    footer = {
      "",
      "Examples:",
      "  heterospec inspect model/demo/target",
      "  heterospec inspect model/demo/draft --target model/demo/target --json",
      "  heterospec inspect llama-70b --device gpu:0,gpu:1 --free 79,79"
    })
final class InspectCommand implements Callable<Integer> {
  private static final double GIB = 1 << 30;

  @Spec CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "Directory of a target or of a draft head.")
  Path directory;

  @Option(names = "--target", paramLabel = "DIR", description = "Target that a head shall fit.")
  Path target;

  @Mixin PlanOptions planning;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() {
    planning.require();
    CheckpointSummary summary = CheckpointSummary.of(directory, target);
    PrintWriter out = spec.commandLine().getOut();
    boolean planned = planning.isAsked() && summary.runnable();
    Plan plan = planned ? plan(summary) : null;
    if (json) {
      ObjectNode object = Json.MAPPER.valueToTree(summary);
      object.put("runnable", summary.runnable());
      if (plan != null) {
        object.set("plan", plan.json());
      }
      Json.print(out, object);
    } else {
      print(out, summary);
      if (plan != null) {
        plan.print(out);
      }
    }
    out.flush();
    return summary.runnable() && (plan == null || plan.fits()) ? 0 : HeteroSpec.WRONG_INPUT;
  }

  private Plan plan(CheckpointSummary summary) {
    boolean head = summary.kind() == CheckpointSummary.Kind.DRAFT;
    if (head && target == null) {
      throw new IllegalArgumentException("a head is planned with its target: give --target DIR");
    }
    try {
      return new Plan(head ? planning.plan(target, directory) : planning.plan(directory, null), "");
    } catch (IllegalArgumentException e) {
      return new Plan(null, e.getMessage());
    }
  }

  /**
   * How devices would hold it.
   *
   * @param memory null where they cannot
   * @param problem why not, otherwise empty
   */
  private record Plan(MemoryPlan memory, String problem) {
    boolean fits() {
      return memory != null;
    }

    ObjectNode json() {
      ObjectNode object = Json.MAPPER.createObjectNode().put("fits", fits());
      if (!fits()) {
        return object.put("problem", problem);
      }
      ArrayNode devices = object.putArray("devices");
      int first = 0;
      for (int i = 0; i < memory.placement().layers().length; i++) {
        int count = memory.placement().layers()[i];
        devices
            .addObject()
            .put("device", memory.placement().devices().get(i))
            .put("first_layer", first)
            .put("last_layer", first + count - 1);
        first += count;
      }
      return object
          .put("weight_bytes", memory.weights())
          .put("workspace_bytes", memory.workspace())
          .put("cache_bytes", memory.caches())
          .put("cache_tokens", memory.cacheTokens());
    }

    void print(PrintWriter out) {
      if (!fits()) {
        out.printf("%-16s%s%n", "plan", problem);
        return;
      }
      out.printf("%-16slayers %s%n", "plan", memory.placement().describe());
      out.printf(
          Locale.ROOT,
          "%-16s%.1f GiB of weights, %.1f of caches for %d tokens, %.1f of workspace on each device%n",
          "memory",
          memory.weights() / GIB,
          memory.caches() / GIB,
          memory.cacheTokens(),
          memory.workspace() / GIB);
    }
  }

  private static void print(PrintWriter out, CheckpointSummary s) {
    String kind = s.kind() == CheckpointSummary.Kind.TARGET ? "target" : "EAGLE-3 head";
    out.printf("%-16s%s (%s, %s)%n", "kind", kind, s.architecture(), s.modelType());
    out.printf(
        Locale.ROOT,
        "%-16s%.1f M, %s, %.1f MiB%n",
        "parameters",
        s.parameters() / 1e6,
        s.dtype(),
        s.bytes() / 1048576.0);
    out.printf("%-16s%d, hidden %d%n", "layers", s.layers(), s.hiddenSize());
    out.printf(
        "%-16s%d query, %d key-value, %d wide%n", "heads", s.heads(), s.kvHeads(), s.headDim());
    out.printf(
        "%-16s%d bytes a token in 16 bits, %d in 32%n",
        "KV cache", s.kvBytesPerTokenBf16(), s.kvBytesPerTokenFp32());
    out.printf("%-16s%d tokens%n", "context", s.contextLength());
    out.printf(
        "%-16s%d%s%n",
        "vocabulary",
        s.vocabularySize(),
        s.draftVocabularySize() == 0
            ? ""
            : ", of which the head proposes " + s.draftVocabularySize());
    if (!s.featureLayers().isEmpty()) {
      out.printf("%-16sinputs of layers %s%n", "features", s.featureLayers());
    }
    if (s.kind() == CheckpointSummary.Kind.TARGET) {
      out.printf(
          "%-16s%s, chat template %s%n",
          "tokenizer", s.tokenizer() ? "yes" : "no", s.chatTemplate() ? "yes" : "no");
    }
    out.printf("%-16s%s%n", "runnable", s.runnable() ? "yes" : "no");
    s.problems().forEach(problem -> out.printf("%-16s%s%n", "problem", problem));
  }
}
