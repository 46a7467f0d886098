package io.heterospec.processor.engine;

import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;

/** Sequences that wait for a place, in the fair order. */
final class AdmissionQueue {
  /**
   * Higher priority first, then the earlier deadline, then age. The last in this order is the first
   * to give up its place.
   */
  static final Comparator<Sequence> FAIR =
      Comparator.comparingInt((Sequence s) -> s.request.priority())
          .reversed()
          .thenComparingLong(s -> s.request.deadlineEpochMillis())
          .thenComparingLong(s -> s.arrival);

  private final PriorityQueue<Sequence> queue = new PriorityQueue<>(FAIR);
  private long arrivals;

  /** Adds a sequence; one that waits again keeps its age. */
  void add(Sequence sequence) {
    if (sequence.arrival == Sequence.NOT_ARRIVED) {
      sequence.arrival = arrivals++;
    }
    queue.add(sequence);
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** The next to admit; null when none waits. */
  Sequence peek() {
    return queue.peek();
  }

  /** Takes out the next to admit; null when none waits. */
  Sequence poll() {
    return queue.poll();
  }

  /** Takes out all that match. */
  List<Sequence> removeIf(Predicate<Sequence> condition) {
    List<Sequence> removed = queue.stream().filter(condition).toList();
    queue.removeAll(removed);
    return removed;
  }
}
