package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.topology.serve.ApiError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The messages of a request. */
final class Messages {
  private static final Map<String, String> ROLES =
      Map.of("system", "system", "developer", "system", "user", "user", "assistant", "assistant");
  private static final Set<String> TEXT_PARTS = Set.of("text", "input_text", "output_text");

  private Messages() {}

  /**
   * Reads an array of messages, whose content is a string or an array of text parts.
   *
   * @throws ApiError naming the message and what is wrong with it
   */
  static List<ChatMessage> read(String name, JsonNode array) {
    if (!array.isArray() || array.isEmpty()) {
      throw ApiError.invalid(name, name + " must be an array with at least one message");
    }
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : array) {
      String where = "%s[%d]".formatted(name, messages.size());
      String role = ROLES.get(message.path("role").asText());
      if (role == null) {
        throw ApiError.invalid(
            where + ".role", where + ".role must be system, developer, user or assistant");
      }
      messages.add(new ChatMessage(role, content(where + ".content", message.path("content"))));
    }
    return messages;
  }

  private static String content(String where, JsonNode content) {
    if (content.isTextual()) {
      return content.textValue();
    }
    if (!content.isArray()) {
      throw ApiError.invalid(where, where + " must be a string or an array of text parts");
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      if (!TEXT_PARTS.contains(part.path("type").asText()) || !part.path("text").isTextual()) {
        throw ApiError.invalid(where, where + " may hold text parts only");
      }
      text.append(part.path("text").textValue());
    }
    return text.toString();
  }
}
