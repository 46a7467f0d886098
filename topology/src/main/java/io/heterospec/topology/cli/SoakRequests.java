package io.heterospec.topology.cli;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.topology.client.EventReader;
import java.util.HashSet;
import java.util.Set;

/** The requests of a load by their ids: each is open from its publishing to its one end. */
final class SoakRequests implements EventReader.Handler {
  private final Set<String> open = new HashSet<>();
  private int published;
  private int completions;
  private int failed;
  private int surplus;
  private long lastEventNanos = System.nanoTime();

  void publishing(String id) {
    open.add(id);
    published++;
    lastEventNanos = System.nanoTime();
  }

  @Override
  public void onCompletion(Completion completion) {
    lastEventNanos = System.nanoTime();
    if (!open.remove(completion.getRequestId())) {
      surplus++;
      return;
    }
    completions++;
    if (completion.getFinishReason() == FinishReason.FAILED) {
      failed++;
    }
  }

  /** Requests that have not ended. */
  int open() {
    return open.size();
  }

  int published() {
    return published;
  }

  /** Requests that have ended. */
  int completions() {
    return completions;
  }

  /** Those of them that ended with an error. */
  int failed() {
    return failed;
  }

  /** Ends of requests that were not open: that had ended before, or were never published. */
  int surplus() {
    return surplus;
  }

  /**
   * Whether what is open may still end.
   *
   * @param nowNanos of {@link System#nanoTime}
   * @throws IllegalStateException when nothing comes any more
   */
  void requireNews(long nowNanos) {
    if (!open.isEmpty() && nowNanos - lastEventNanos > DemoRun.SILENCE_LIMIT.toNanos()) {
      throw new IllegalStateException(
          "%d of %d requests ended, then nothing more came for %d minutes"
              .formatted(completions, published, DemoRun.SILENCE_LIMIT.toMinutes()));
    }
  }
}
