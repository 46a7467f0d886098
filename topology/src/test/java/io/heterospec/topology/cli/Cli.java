package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.topology.DemoPair;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** One run of the command line in this process. */
record Cli(int code, String out, String err) {

  static Cli run(String... args) {
    System.setProperty("heterospec.home", DemoPair.home().toString());
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = HeteroSpec.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int code = line.execute(args);
    line.getOut().flush();
    line.getErr().flush();
    return new Cli(code, out.toString(), err.toString());
  }

  /** The one JSON object on stdout. */
  JsonNode json() throws IOException {
    if (out.strip().lines().count() != 1) {
      throw new AssertionError("not one line: " + out);
    }
    return Json.MAPPER.readTree(out);
  }
}
