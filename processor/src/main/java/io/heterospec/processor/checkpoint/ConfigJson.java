package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A JSON object of a model directory, read field by field; every error names the file and the
 * field. A JSON {@code null} counts as a missing field, as in Hugging Face's own files.
 *
 * @param file the file, for messages
 * @param node the object, possibly nested in the file
 */
public record ConfigJson(Path file, JsonNode node) {
  private static final long MAX_BYTES = 32 << 20;
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY).build();

  /**
   * Reads a file.
   *
   * @throws CheckpointException when it is missing, unreadable, or not a JSON object
   */
  public static ConfigJson read(Path file) {
    if (!Files.isRegularFile(file)) {
      Path directory = file.getParent();
      throw new CheckpointException(
          directory != null && Files.isDirectory(directory)
              ? directory + " has no " + file.getFileName() + "; is it a Hugging Face directory?"
              : directory + " is not a directory; give the path of a Hugging Face model directory");
    }
    try {
      long bytes = Files.size(file);
      if (bytes > MAX_BYTES) {
        throw new CheckpointException(
            "%s has %d bytes, more than the %d of any such file; download it again"
                .formatted(file, bytes, MAX_BYTES));
      }
      JsonNode node = MAPPER.readTree(Files.readAllBytes(file));
      if (!node.isObject()) {
        throw new CheckpointException(file + " is not a JSON object; download it again");
      }
      return new ConfigJson(file, node);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file + " is not valid JSON (" + e.getOriginalMessage() + "); download it again", e);
    } catch (IOException e) {
      throw new CheckpointException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Reads a file that a directory may lack. */
  public static Optional<ConfigJson> readIfPresent(Path file) {
    return Files.isRegularFile(file) ? Optional.of(read(file)) : Optional.empty();
  }

  public boolean has(String field) {
    return node.hasNonNull(field);
  }

  Optional<ConfigJson> object(String field) {
    if (!has(field)) {
      return Optional.empty();
    }
    if (!node.get(field).isObject()) {
      throw wrong(field, "an object");
    }
    return Optional.of(new ConfigJson(file, node.get(field)));
  }

  int positiveInt(String field) {
    if (!has(field)) {
      throw missing(field);
    }
    JsonNode value = node.get(field);
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt() || value.intValue() < 1) {
      throw wrong(field, "a positive integer");
    }
    return value.intValue();
  }

  public int positiveInt(String field, int otherwise) {
    return has(field) ? positiveInt(field) : otherwise;
  }

  /** An integer of 0 or more. */
  int naturalInt(String field) {
    JsonNode value = node.path(field);
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt() || value.intValue() < 0) {
      throw wrong(field, "an integer of 0 or more");
    }
    return value.intValue();
  }

  double positive(String field, double otherwise) {
    if (!has(field)) {
      return otherwise;
    }
    JsonNode value = node.get(field);
    if (!value.isNumber() || !(value.doubleValue() > 0) || Double.isInfinite(value.doubleValue())) {
      throw wrong(field, "a positive number");
    }
    return value.doubleValue();
  }

  double positive(String field) {
    if (!has(field)) {
      throw missing(field);
    }
    return positive(field, 0);
  }

  public boolean flag(String field, boolean otherwise) {
    if (!has(field)) {
      return otherwise;
    }
    if (!node.get(field).isBoolean()) {
      throw wrong(field, "true or false");
    }
    return node.get(field).booleanValue();
  }

  public String text(String field, String otherwise) {
    if (!has(field)) {
      return otherwise;
    }
    if (!node.get(field).isTextual()) {
      throw wrong(field, "a string");
    }
    return node.get(field).textValue();
  }

  /** Token ids given as one integer or as a list; empty when missing. */
  int[] tokenIds(String field) {
    if (!has(field)) {
      return new int[0];
    }
    JsonNode value = node.get(field);
    int count = value.isArray() ? value.size() : 1;
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      JsonNode id = value.isArray() ? value.get(i) : value;
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw wrong(field, "a token id or a list of token ids");
      }
      ids[i] = id.intValue();
    }
    return ids;
  }

  /** First entry of {@code architectures}, or an empty string. */
  String architecture() {
    return node.path("architectures").path(0).asText("");
  }

  CheckpointException unsupported(String field, String reason) {
    return new CheckpointException(file + ": " + field + " = " + node.get(field) + " " + reason);
  }

  CheckpointException missing(String field) {
    return new CheckpointException(
        file + ": field " + field + " is missing; the file does not describe a decoder");
  }

  private CheckpointException wrong(String field, String expected) {
    return new CheckpointException(
        file + ": field " + field + " must be " + expected + ", got " + node.get(field));
  }
}
