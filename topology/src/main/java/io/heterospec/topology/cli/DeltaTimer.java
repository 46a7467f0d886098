package io.heterospec.topology.cli;

import io.heterospec.schemas.GenerationDelta;
import io.heterospec.topology.client.EventReader;

/**
 * Times answers as a client sees them that does not wait for commits. On a thread of its own, so
 * that nothing else that is read delays the clock.
 */
final class DeltaTimer implements AutoCloseable, EventReader.Handler {
  private final DeltaTimes times = new DeltaTimes();
  private final CheckedTail tail;

  /** Starts reading; closes the reader at the end. */
  DeltaTimer(EventReader reader) {
    tail = new CheckedTail("delta-timer", reader, this);
  }

  /** Starts the clock of a request that is about to be published. */
  void publishing(String requestId) {
    times.publishing(requestId, System.nanoTime());
  }

  @Override
  public void onDelta(GenerationDelta delta) {
    times.add(delta, System.nanoTime());
  }

  DeltaTimes times() {
    return times;
  }

  /**
   * Stops reading.
   *
   * @throws RuntimeException that reading ended with, if it did
   */
  @Override
  public void close() {
    tail.close();
  }
}
