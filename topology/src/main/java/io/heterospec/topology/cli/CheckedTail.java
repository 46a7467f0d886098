package io.heterospec.topology.cli;

import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.TopicTail;
import java.util.concurrent.atomic.AtomicReference;

/** Reads topics on a thread of its own, and fails whoever relies on it when reading has failed. */
final class CheckedTail implements AutoCloseable {
  private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
  private final TopicTail tail;

  /** Starts reading; closes the reader at the end. */
  CheckedTail(String name, EventReader reader, EventReader.Handler handler) {
    tail = new TopicTail(name, reader, handler, failure::set);
  }

  /**
   * Makes sure that reading goes on.
   *
   * @throws RuntimeException that reading ended with, if it did
   */
  void check() {
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  /**
   * Stops reading.
   *
   * @throws RuntimeException that reading ended with, if it did
   */
  @Override
  public void close() {
    tail.close();
    check();
  }
}
