package io.heterospec.topology.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which prompts the demo publishes, and how many at once. */
final class DemoLoad {
  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description = "JSON lines in MT-bench form; repeatable. Default: the bundled prompts.")
  List<Path> files = List.of();

  @Option(names = "--limit", paramLabel = "N", description = "Most prompts of each file.")
  int limit;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description =
          "Requests in flight: as one completes, the next is published. Default: all at once.")
  Integer concurrency;

  @Mixin RequestRate rate;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "0",
      description = "Requests before the clock starts. Default: ${DEFAULT-VALUE}.")
  int warmUp;

  /**
   * Text of each request id, in the order of the requests.
   *
   * @throws UsageException for an option out of range or a file that cannot be used
   */
  Map<String, String> prompts() {
    AtLeast.require("--warm-up", warmUp, 0);
    if (concurrency != null) {
      AtLeast.require("--concurrency", concurrency, 1);
    }
    rate.require();
    Map<String, String> prompts = new LinkedHashMap<>();
    for (PromptFile.Prompt prompt : read()) {
      prompts.put("demo-" + (prompts.size() + 1), prompt.text());
    }
    return prompts;
  }

  /** When the requests before the clock are published. */
  Pace warmUpPace() {
    return Pace.closedLoop(inFlight());
  }

  /** When the requests are published. */
  Pace pace() {
    return rate.pace(inFlight(), 0);
  }

  /**
   * Sequences that the engine decodes at a time.
   *
   * @param usual number of them; a closed loop may need more, and never bounds them
   */
  int maxLive(int usual) {
    if (concurrency == null) {
      return usual;
    }
    return rate.isOpen() ? concurrency : Math.max(usual, concurrency);
  }

  private int inFlight() {
    return concurrency == null ? Integer.MAX_VALUE : concurrency;
  }

  private List<PromptFile.Prompt> read() {
    return files.isEmpty()
        ? PromptFile.parse(Path.of("demo-prompts.jsonl"), bundled(), limit)
        : PromptFile.read(files, limit);
  }

  private static List<String> bundled() {
    try (InputStream in = DemoLoad.class.getResourceAsStream("/demo-prompts.jsonl")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
