package io.heterospec.topology.generate;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Failed generations that wait for their next attempt: each waits twice as long as the one before,
 * up to a limit. Only in memory: whoever takes the task over tries them at once.
 */
final class Retries {
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final int MOST_DOUBLINGS = 20;

  private record Due(String requestId, long atMs) {}

  private final PriorityQueue<Due> waiting =
      new PriorityQueue<>(Comparator.comparingLong(Due::atMs));
  private final long firstMs;

  /**
   * @param first wait before the first retry
   */
  Retries(Duration first) {
    this.firstMs = first.toMillis();
  }

  /**
   * @param failures failed attempts so far, at least one
   */
  void add(String requestId, int failures, long nowMs) {
    long wait = firstMs << Math.min(failures - 1, MOST_DOUBLINGS);
    waiting.add(new Due(requestId, nowMs + Math.min(wait, LONGEST.toMillis())));
  }

  /** A request whose wait is over, the longest overdue first; null when there is none. */
  String takeDue(long nowMs) {
    return waiting.isEmpty() || waiting.peek().atMs() > nowMs ? null : waiting.poll().requestId();
  }
}
