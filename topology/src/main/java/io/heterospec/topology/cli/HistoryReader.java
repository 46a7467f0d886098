package io.heterospec.topology.cli;

import io.heterospec.topology.client.EventReader;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/** Reads committed answers into a history on a thread of its own, whatever else is going on. */
final class HistoryReader implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);

  private final EventReader reader;
  private final ChaosHistory history;
  private final Thread thread;
  private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
  private volatile boolean closed;

  /** Starts reading; closes the reader at the end. */
  HistoryReader(EventReader reader, ChaosHistory history) {
    this.reader = reader;
    this.history = history;
    this.thread = new Thread(this::read, "history-reader");
    thread.setDaemon(true);
    thread.start();
  }

  private void read() {
    try (reader) {
      while (!closed) {
        reader.poll(POLL, history);
      }
    } catch (RuntimeException e) {
      failure.set(e);
    }
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

  @Override
  public void close() throws InterruptedException {
    closed = true;
    thread.join();
    check();
  }
}
