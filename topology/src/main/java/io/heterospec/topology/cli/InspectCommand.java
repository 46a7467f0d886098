package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.CheckpointSummary;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
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
      "  heterospec inspect model/demo/draft --target model/demo/target --json"
    })
final class InspectCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "Directory of a target or of a draft head.")
  Path directory;

  @Option(names = "--target", paramLabel = "DIR", description = "Target that a head shall fit.")
  Path target;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() {
    CheckpointSummary summary = CheckpointSummary.of(directory, target);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ObjectNode object = Json.MAPPER.valueToTree(summary);
      object.put("runnable", summary.runnable());
      Json.print(out, object);
    } else {
      print(out, summary);
    }
    out.flush();
    return summary.runnable() ? 0 : HeteroSpec.WRONG_INPUT;
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
