package io.heterospec.topology.cli;

import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.Sampling;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Conversations of a few scripts, so that many requests must give texts that are known from few:
 * greedy, and of a fixed length, so that there is something to interrupt.
 */
final class ChaosLoad {
  private static final List<List<String>> SCRIPTS =
      List.of(
          List.of("Tell me a story about a cat.", "What did it eat?", "How does it end?"),
          List.of("How do I list hidden files?", "And their sizes?", "Only the largest."),
          List.of("Write a poem about the sea.", "Shorter, please.", "Now about a river."));

  private final int maxTokens;

  ChaosLoad(int maxTokens) {
    this.maxTokens = maxTokens;
  }

  /** Tokens of each text. */
  int maxTokens() {
    return maxTokens;
  }

  /** A prompt and how it is named in the history. */
  record Turn(ChaosHistory.Published published, PromptEvent prompt) {}

  /** Every script once. */
  List<Turn> reference() {
    return conversations("reference", SCRIPTS.size() * SCRIPTS.get(0).size());
  }

  /** So many turns of conversations, each session's in order. */
  List<Turn> conversations(String name, int turns) {
    List<Turn> all = new ArrayList<>();
    for (int session = 0; all.size() < turns; session++) {
      all.addAll(conversation(name, session));
    }
    return all.subList(0, turns);
  }

  /** The turns of one conversation, in order. */
  List<Turn> conversation(String name, int session) {
    int script = session % SCRIPTS.size();
    List<String> questions = SCRIPTS.get(script);
    List<Turn> turns = new ArrayList<>();
    for (int turn = 0; turn < questions.size(); turn++) {
      turns.add(turn(name + "-" + session, turn, script, questions.get(turn)));
    }
    return turns;
  }

  private Turn turn(String session, int turn, int script, String question) {
    String id = session + "." + turn;
    return new Turn(
        new ChaosHistory.Published(id, session, script + "." + turn),
        PromptEvent.newBuilder()
            .setRequestId(id)
            .setSessionId(session)
            .setMessages(List.of(new ChatMessage("user", question)))
            .setSampling(Sampling.newBuilder().setMaxTokens(maxTokens).setIgnoreEos(true).build())
            .setCreatedAt(Instant.now())
            .build());
  }
}
