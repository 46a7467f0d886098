package io.heterospec.processor.text;

import io.heterospec.processor.checkpoint.ConfigJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Conversation formats of models whose own files tell none. A directory without a chat template
 * gets the format whose name occurs in its own or in {@code _name_or_path} of its config.json.
 */
final class BundledTemplates {
  private static final List<String> NAMES = List.of("vicuna");

  private BundledTemplates() {}

  /** Jinja source for a directory, or null where no format is known for it. */
  static String of(Path directory) {
    Path absolute = directory.toAbsolutePath().normalize();
    // In Hugging Face's own cache: models--OWNER--NAME/snapshots/COMMIT.
    boolean cached = absolute.getParent() != null && absolute.getParent().endsWith("snapshots");
    Path named = cached ? absolute.getParent().getParent() : absolute;
    String name = String.valueOf(named.getFileName()); // a root has none
    String origin =
        ConfigJson.readIfPresent(directory.resolve("config.json"))
            .map(config -> config.text("_name_or_path", ""))
            .orElse("");
    String both = (name + ' ' + origin).toLowerCase(Locale.ROOT);
    return NAMES.stream()
        .filter(both::contains)
        .findFirst()
        .map(BundledTemplates::source)
        .orElse(null);
  }

  static String source(String name) {
    String path = "/chat-templates/" + name + ".jinja";
    try (InputStream in = BundledTemplates.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("resource " + path + " is missing from the program");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("resource " + path + " cannot be read", e);
    }
  }
}
