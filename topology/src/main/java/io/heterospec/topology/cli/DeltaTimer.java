package io.heterospec.topology.cli;

import io.heterospec.schemas.GenerationDelta;
import io.heterospec.topology.client.EventReader;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Times answers as a client sees them that does not wait for commits. On a thread of its own, so
 * that nothing else that is read delays the clock.
 */
final class DeltaTimer implements AutoCloseable, EventReader.Handler {
  private static final Duration POLL = Duration.ofMillis(100);

  private final DeltaTimes times = new DeltaTimes();
  private final EventReader reader;
  private final Thread thread;
  private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
  private volatile boolean closed;

  /** Starts reading; closes the reader at the end. */
  DeltaTimer(EventReader reader) {
    this.reader = reader;
    this.thread = new Thread(this::read, "delta-timer");
    thread.setDaemon(true);
    thread.start();
  }

  /** Starts the clock of a request that is about to be published. */
  void publishing(String requestId) {
    times.publishing(requestId, System.nanoTime());
  }

  private void read() {
    try (reader) {
      while (!closed) {
        reader.poll(POLL, this);
      }
    } catch (RuntimeException e) {
      failure.set(e);
    }
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
  public void close() throws InterruptedException {
    closed = true;
    thread.join();
    if (failure.get() != null) {
      throw failure.get();
    }
  }
}
