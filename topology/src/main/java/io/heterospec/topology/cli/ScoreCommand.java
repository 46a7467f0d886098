package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.TokenScore;
import io.heterospec.processor.engine.TorchEngine;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the target thinks of given tokens. */
@Command(
    name = "score",
    mixinStandardHelpOptions = true,
    description = "Log-probability of each token and the five most probable next tokens after it.",
    footer = {
      "",
      "Examples:",
      "  heterospec score --ids 1,15,7",
      "  heterospec score --ids 1,15,7 --dtype fp32 --json"
    })
final class ScoreCommand implements Callable<Integer> {
  private static final int TOP = 5;

  @Spec CommandSpec spec;
  @Mixin ModelOptions models;

  @Option(names = "--ids", paramLabel = "1,2,…", required = true, description = "Token ids.")
  String ids;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() {
    int[] tokens = TokenIds.parse("--ids", ids);
    PrintWriter out = spec.commandLine().getOut();
    try (TorchEngine engine = LoadBar.open(models.engine())) {
      List<TokenScore> scores = engine.score(tokens, TOP);
      if (json) {
        Json.print(out, toJson(scores));
      } else {
        scores.forEach(score -> print(out, score));
      }
      return 0;
    }
  }

  private static void print(PrintWriter out, TokenScore score) {
    String top =
        score.top().stream()
            .map(c -> String.format(Locale.ROOT, "%d %.4f", c.id(), c.logprob()))
            .collect(Collectors.joining("  "));
    String logprob =
        Double.isNaN(score.logprob()) ? "-" : String.format(Locale.ROOT, "%.4f", score.logprob());
    out.printf("%8d %10s   next: %s%n", score.id(), logprob, top);
  }

  private static ObjectNode toJson(List<TokenScore> scores) {
    ObjectNode object = Json.object();
    ArrayNode tokens = object.putArray("tokens");
    for (TokenScore score : scores) {
      ObjectNode token = tokens.addObject().put("id", score.id());
      if (Double.isNaN(score.logprob())) {
        token.putNull("logprob");
      } else {
        token.put("logprob", score.logprob());
      }
      ArrayNode top = token.putArray("top");
      score.top().forEach(c -> top.addObject().put("id", c.id()).put("logprob", c.logprob()));
    }
    return object;
  }
}
