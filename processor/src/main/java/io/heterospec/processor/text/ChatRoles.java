package io.heterospec.processor.text;

import io.heterospec.processor.text.TextModel.ChatMessage;
import java.util.List;
import java.util.Set;

/**
 * Which roles a conversation may use. Templates may write a role into the prompt as it is, so an
 * unknown one could forge a control token.
 */
final class ChatRoles {
  private static final Set<String> ALWAYS = Set.of("system", "user", "assistant");
  private static final Set<String> WHERE_NAMED = Set.of("tool", "developer", "ipython");

  private ChatRoles() {}

  /**
   * Checks a conversation before it is rendered.
   *
   * @throws IllegalArgumentException when there is no text in it or a role is unknown
   */
  static void require(List<ChatMessage> messages, String template) {
    if (messages.stream().allMatch(message -> message.content().isBlank())) {
      throw new IllegalArgumentException("the prompt is empty; give a message with some text");
    }
    for (ChatMessage message : messages) {
      String role = message.role();
      boolean known =
          ALWAYS.contains(role)
              || (WHERE_NAMED.contains(role)
                  && (template.contains("'" + role + "'") || template.contains('"' + role + '"')));
      if (!known) {
        throw new IllegalArgumentException(
            "the model's chat template does not know the role '%s'; use system, user or assistant"
                .formatted(printable(role)));
      }
    }
  }

  private static String printable(String role) {
    String clean = role.replaceAll("\\P{Print}", "?");
    return clean.length() <= 32 ? clean : clean.substring(0, 32) + "…";
  }
}
