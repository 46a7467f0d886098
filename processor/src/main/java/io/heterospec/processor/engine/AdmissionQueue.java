package io.heterospec.processor.engine;

import java.util.Comparator;
import java.util.PriorityQueue;

/** Sequences that wait for a place: higher priority first, then the earlier deadline, then age. */
final class AdmissionQueue {
  private record Waiting(Sequence sequence, long order) {}

  private static final Comparator<Waiting> FAIR =
      Comparator.comparingInt((Waiting w) -> -w.sequence().request.priority())
          .thenComparingLong(w -> w.sequence().request.deadlineEpochMillis())
          .thenComparingLong(Waiting::order);

  private final PriorityQueue<Waiting> queue = new PriorityQueue<>(FAIR);
  private long order;

  void add(Sequence sequence) {
    queue.add(new Waiting(sequence, order++));
  }

  /** The next to admit; null when none waits. */
  Sequence poll() {
    Waiting next = queue.poll();
    return next == null ? null : next.sequence();
  }

  /** Takes a waiting sequence out; null when the id is not waiting. */
  Sequence remove(String requestId) {
    for (Waiting waiting : queue) {
      if (waiting.sequence().request.id().equals(requestId)) {
        queue.remove(waiting);
        return waiting.sequence();
      }
    }
    return null;
  }
}
