package io.heterospec.topology.cli;

import java.util.concurrent.atomic.AtomicBoolean;

/** Closes something once, whether the command ends by itself or by a signal. */
final class StopOnce implements AutoCloseable {
  private final AutoCloseable target;
  private final AtomicBoolean closed = new AtomicBoolean();

  StopOnce(AutoCloseable target) {
    this.target = target;
  }

  boolean isClosed() {
    return closed.get();
  }

  @Override
  public void close() throws Exception {
    if (closed.compareAndSet(false, true)) {
      target.close();
    }
  }
}
