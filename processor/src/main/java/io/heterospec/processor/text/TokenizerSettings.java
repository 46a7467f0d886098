package io.heterospec.processor.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.processor.checkpoint.CheckpointException;
import io.heterospec.processor.checkpoint.ConfigJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a directory says about using its tokenizer: {@code tokenizer_config.json} and the chat
 * template, which may be inside that file, in {@code chat_template.jinja} or in {@code
 * chat_template.json}; a directory without one may be of a model whose format is bundled.
 *
 * @param bosToken text of the beginning-of-text token, or null
 * @param eosToken text of the end-of-sequence token, or null
 * @param addBos whether raw text gets the beginning-of-text token; empty when the file is silent
 * @param chatTemplate Jinja source, or null
 */
record TokenizerSettings(
    String bosToken, String eosToken, Optional<Boolean> addBos, String chatTemplate) {

  static TokenizerSettings read(Path directory) {
    Optional<ConfigJson> config =
        ConfigJson.readIfPresent(directory.resolve("tokenizer_config.json"));
    return new TokenizerSettings(
        config.map(c -> token(c, "bos_token")).orElse(null),
        config.map(c -> token(c, "eos_token")).orElse(null),
        config.filter(c -> c.has("add_bos_token")).map(c -> c.flag("add_bos_token", false)),
        chatTemplate(directory, config));
  }

  // A token is a string, or an object with its content and how it is matched.
  private static String token(ConfigJson config, String field) {
    JsonNode node = config.node().path(field);
    JsonNode text = node.isObject() ? node.path("content") : node;
    return text.isTextual() ? text.textValue() : null;
  }

  private static String chatTemplate(Path directory, Optional<ConfigJson> config) {
    Path source = directory.resolve("chat_template.jinja");
    if (Files.isRegularFile(source)) {
      try {
        return Files.readString(source);
      } catch (IOException e) {
        throw new CheckpointException(source + " cannot be read: " + e.getMessage(), e);
      }
    }
    return ConfigJson.readIfPresent(directory.resolve("chat_template.json"))
        .filter(json -> json.has("chat_template"))
        .or(() -> config.filter(c -> c.has("chat_template")))
        .map(TokenizerSettings::template)
        .orElseGet(() -> BundledTemplates.of(directory));
  }

  private static String template(ConfigJson config) {
    JsonNode node = config.node().get("chat_template");
    if (!node.isArray()) {
      return config.text("chat_template", null);
    }
    for (JsonNode named : node) {
      if (named.path("name").asText().equals("default") && named.path("template").isTextual()) {
        return named.get("template").textValue();
      }
    }
    throw new CheckpointException(
        config.file() + ": chat_template has no template named default; name one of them so");
  }
}
