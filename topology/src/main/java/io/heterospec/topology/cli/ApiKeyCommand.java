package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.topology.serve.ApiKeys;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A new key for the gateway. */
@Command(
    name = "api-key",
    mixinStandardHelpOptions = true,
    description = {
      "Makes an API key for the gateway and prints it, once. Only its hash is kept, in a file that"
          + " heterospec.http.api.keys names; running gateways take it up. To revoke a key, remove"
          + " its line."
    },
    footer = {"", "Examples:", "  heterospec api-key --file api-keys.txt --name alice"})
final class ApiKeyCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--file",
      required = true,
      paramLabel = "FILE",
      description = "File of hashes; created when it is missing, readable by its owner only.")
  Path file;

  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      description = "Who holds the key. Sessions and responses belong to the name.")
  String name;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() {
    String key;
    try {
      key = ApiKeys.create(file, name);
    } catch (IOException e) {
      throw new UsageException("%s cannot be written: %s".formatted(file, e.getMessage()), e);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ObjectNode object = Json.object().put("name", name).put("key", key);
      Json.print(out, object);
    } else {
      out.println(key);
    }
    out.flush();
    return 0;
  }
}
