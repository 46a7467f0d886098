package io.heterospec.topology.client;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.StepTelemetry;
import java.util.concurrent.CompletableFuture;

/** A prompt that was sent, and what comes back. */
public final class Answer {
  private final PromptEvent prompt;
  private final AnswerListener listener;
  private final PromptPublisher publisher;
  private final TextAssembly text = new TextAssembly();
  private final CompletableFuture<Completion> completion = new CompletableFuture<>();

  Answer(PromptEvent prompt, AnswerListener listener, PromptPublisher publisher) {
    this.prompt = prompt;
    this.listener = listener;
    this.publisher = publisher;
  }

  public String requestId() {
    return prompt.getRequestId();
  }

  /**
   * The end of the request, committed; with finish reason {@code CANCELLED} and the text so far
   * when it was cancelled. Fails with a {@link GenerationFailedException} when there is no answer,
   * or with what prevented it from being asked for or read. Giving it up does not cancel the
   * request.
   */
  public CompletableFuture<Completion> completion() {
    return completion.copy();
  }

  /**
   * Asks for the generation to end; {@link #completion} tells when it has.
   *
   * @return completes when the broker has the wish, or with what prevented that
   */
  public CompletableFuture<Void> cancel() {
    return cancel("cancelled by its client");
  }

  private CompletableFuture<Void> cancel(String reason) {
    return publisher.cancel(prompt.getRequestId(), prompt.getSessionId(), reason);
  }

  void onDelta(GenerationDelta delta) {
    String fresh = text.add(delta);
    if (!fresh.isEmpty()) {
      listener.onText(fresh);
    }
  }

  void onCycle(StepTelemetry cycle) {
    listener.onCycle(cycle);
  }

  // Topics are read side by side: the end may come before the last pieces.
  void onCompletion(Completion end) {
    if (end.getError() != null) {
      completion.completeExceptionally(new GenerationFailedException(end));
      return;
    }
    String rest = text.rest(end);
    if (!rest.isEmpty()) {
      listener.onText(rest);
    }
    completion.complete(end);
  }

  /** Of a listener that threw. */
  void abandon(RuntimeException failure) {
    cancel("its listener failed")
        .whenComplete(
            (sent, unsent) -> {
              if (unsent != null) {
                failure.addSuppressed(unsent);
              }
              fail(failure);
            });
  }

  void fail(Throwable failure) {
    completion.completeExceptionally(failure);
  }
}
