package io.heterospec.topology.cli;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Queue;

/** Requests that wait to be sent at a pace. Not safe for use by several threads. */
final class PacedQueue<T> {
  private final Queue<T> waiting;
  private final Pace pace;
  private final long start = System.nanoTime();

  /** Starts the load's clock. */
  PacedQueue(Collection<T> requests, Pace pace) {
    this.waiting = new ArrayDeque<>(requests);
    this.pace = pace;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Requests that have not been sent. */
  int size() {
    return waiting.size();
  }

  /** Time since the start of the load. */
  double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  /**
   * @param inFlight requests that were sent and have not ended
   * @return nanoseconds until the next is due, 0 or less where it is due now, or {@link
   *     Pace#UNTIL_ONE_ENDS}, also where none waits
   */
  long nanosToNext(int inFlight) {
    return isEmpty() ? Pace.UNTIL_ONE_ENDS : pace.nanosToNext(inFlight, System.nanoTime() - start);
  }

  /** The next request, to be sent now; null where none is due. */
  T takeDue(int inFlight) {
    if (nanosToNext(inFlight) > 0) {
      return null;
    }
    pace.sent();
    return waiting.remove();
  }
}
