package io.heterospec.topology.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Prompt files: JSON lines in MT-bench form, of which the first turn is used. */
final class PromptFile {
  private PromptFile() {}

  /**
   * @param category of the line, or the file's name without its ending
   */
  record Prompt(String category, String text) {}

  /**
   * Reads files.
   *
   * @param limit most prompts of each file, 0 for all
   * @throws UsageException for a negative limit, or naming the file and line at fault
   */
  static List<Prompt> read(List<Path> files, int limit) {
    List<Prompt> prompts = new ArrayList<>();
    for (Path file : files) {
      prompts.addAll(parse(file, lines(file), limit));
    }
    return prompts;
  }

  /**
   * The prompts of a file's lines.
   *
   * @param limit most of them, 0 for all
   * @throws UsageException as {@link #read}
   */
  static List<Prompt> parse(Path file, List<String> lines, int limit) {
    AtLeast.require("--limit", limit, 0);
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < lines.size() && (limit == 0 || prompts.size() < limit); i++) {
      if (!lines.get(i).isBlank()) {
        prompts.add(prompt(file, i + 1, lines.get(i)));
      }
    }
    if (prompts.isEmpty()) {
      throw new UsageException(file + " holds no prompts");
    }
    return prompts;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UsageException("prompt file " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Prompt prompt(Path file, int number, String line) {
    try {
      JsonNode node = Json.MAPPER.readTree(line);
      JsonNode turn = node.path("turns").path(0);
      if (!turn.isTextual() || turn.textValue().isBlank()) {
        throw new UsageException(
            file + " line " + number + ": turns[0] is missing; give {\"turns\": [\"…\"]}");
      }
      String name = file.getFileName().toString();
      return new Prompt(
          node.path("category").asText(name.replaceFirst("\\.[^.]*$", "")), turn.textValue());
    } catch (JsonProcessingException e) {
      throw new UsageException(
          file + " line " + number + " is no JSON: " + e.getOriginalMessage(), e);
    }
  }
}
