package io.heterospec.topology.cli;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of the commands that read prompt files. */
final class PromptFileOptions {
  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      required = true,
      description = "JSON lines in MT-bench form; repeatable.")
  List<Path> files;

  @Option(names = "--limit", paramLabel = "N", description = "Most prompts of each file.")
  int limit;

  List<PromptFile.Prompt> read() {
    return PromptFile.read(files, limit);
  }
}
