package io.heterospec.topology.client;

import io.heterospec.schemas.Completion;
import java.util.concurrent.CompletableFuture;

/**
 * A conversation: each prompt is a turn that knows the earlier ones. The application keeps it, so
 * that any client can continue it. Turns that are sent before the last one has ended run one after
 * the other.
 */
public final class Session {
  private final HeteroSpecClient client;
  private final String id;

  Session(HeteroSpecClient client, String id) {
    this.client = client;
    this.id = id;
  }

  public String id() {
    return id;
  }

  /** The next turn, whole: see {@link Answer#completion}. */
  public CompletableFuture<Completion> generate(String prompt) {
    return stream(prompt, text -> {}).completion();
  }

  /** The next turn, as it comes. */
  public Answer stream(String prompt, AnswerListener listener) {
    return client.send(HeteroSpecClient.prompt(prompt).setSessionId(id).build(), listener);
  }
}
