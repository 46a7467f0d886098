package io.heterospec.topology.cli;

import io.heterospec.schemas.Topics;
import io.heterospec.topology.contract.AsyncApiDocument;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The contract for other programs. */
@Command(
    name = "asyncapi",
    mixinStandardHelpOptions = true,
    description = "Prints the topics, their records and headers as an AsyncAPI 3.0 document.",
    footer = {
      "",
      "Examples:",
      "  heterospec asyncapi > asyncapi.yaml",
      "  heterospec asyncapi --topic-prefix team-a. --json"
    })
final class AsyncApiCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--topic-prefix",
      defaultValue = Topics.DEFAULT_PREFIX,
      description = "Default: ${DEFAULT-VALUE}.")
  String prefix;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    var document = AsyncApiDocument.of(new Topics(prefix), HeteroSpec.VERSION);
    if (json) {
      Json.print(out, document);
    } else {
      out.print(AsyncApiDocument.yaml(document));
      out.flush();
    }
    return 0;
  }
}
