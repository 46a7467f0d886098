package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.topology.HeteroSpecConfig;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The records that could not be processed. */
@Command(
    name = "dlq",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "list|replay",
    description = "Lists and replays dead letters: input records that could not be processed.",
    footer = {
      "",
      "Examples:",
      "  heterospec dlq list",
      "  heterospec dlq replay --limit 10 --config processor.properties"
    })
final class DlqCommand {
  @Spec CommandSpec spec;

  /** Which dead letters. */
  static final class Selection {
    @Mixin ClusterOptions cluster;

    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "0",
        description = "Most letters, the oldest of each partition first. Default: all.")
    int limit;

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    DeadLetterQueue open() {
      AtLeast.require("--limit", limit, 0);
      return new DeadLetterQueue(HeteroSpecConfig.fromMap(cluster.settings()));
    }
  }

  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description =
          "Prints where each dead letter came from and what was wrong with it, never its content.")
  int list(
      @Mixin Selection selection,
      @Option(names = "--replayed", description = "Also those that were replayed.")
          boolean replayed) {
    try (DeadLetterQueue queue = selection.open()) {
      List<DeadLetter> letters = queue.read(replayed, selection.limit);
      print(letters, selection.json, Json.object());
    }
    return 0;
  }

  @Command(
      name = "replay",
      mixinStandardHelpOptions = true,
      description =
          "Sends dead letters that were not replayed yet to the topics they came from: all or none."
              + " One that fails again becomes a new dead letter.")
  int replay(@Mixin Selection selection) {
    try (DeadLetterQueue queue = selection.open()) {
      List<DeadLetter> letters = queue.read(false, selection.limit);
      if (!letters.isEmpty()) {
        queue.replay(letters);
      }
      print(letters, selection.json, Json.object().put("replayed", letters.size()));
    }
    return 0;
  }

  private void print(List<DeadLetter> letters, boolean json, ObjectNode object) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ArrayNode array = object.putArray("dead_letters");
      letters.forEach(letter -> array.add(letter.toJson()));
      Json.print(out, object);
      return;
    }
    for (DeadLetter letter : letters) {
      ObjectNode line = letter.toJson();
      out.printf(
          "%s  %s  from %s-%s@%s  %d bytes  %s: %s%n",
          line.get("time").asText(),
          letter.place(),
          line.get("source_topic").asText(),
          line.get("source_partition").asText(),
          line.get("source_offset").asText(),
          line.get("bytes").asInt(),
          line.get("error").asText(),
          line.get("message").asText());
    }
    out.printf(
        "%d dead %s%s%n",
        letters.size(),
        letters.size() == 1 ? "letter" : "letters",
        object.has("replayed") ? " replayed" : "");
    out.flush();
  }
}
