package io.heterospec.topology.serve.openai;

import io.heterospec.schemas.ChatMessage;
import java.util.List;

/**
 * What of a conversation is new. Clients of this API send all of it with every call; a prompt event
 * of a session holds only what its transcript does not.
 */
final class Conversation {
  private static final String ASSISTANT = "assistant";

  private Conversation() {}

  /**
   * The messages to publish: without a session all, in a session those after the last answer, as
   * the session has the rest from its earlier turns.
   */
  static List<ChatMessage> toPublish(List<ChatMessage> all, boolean session) {
    int first = all.size();
    while (session && first > 0 && !all.get(first - 1).getRole().equals(ASSISTANT)) {
      first--;
    }
    // One that ends with an answer is to be continued: there is nothing new to tell apart.
    return !session || first == all.size() ? all : all.subList(first, all.size());
  }
}
