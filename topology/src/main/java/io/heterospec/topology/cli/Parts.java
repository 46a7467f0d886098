package io.heterospec.topology.cli;

import java.util.ArrayDeque;
import java.util.Deque;

/** What a command has started; closed in the opposite order, each even if another one fails. */
final class Parts implements AutoCloseable {
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  synchronized <T extends AutoCloseable> T keep(T part) {
    parts.push(part);
    return part;
  }

  /**
   * @throws Exception the first that a part threw, with those of others suppressed
   */
  @Override
  public synchronized void close() throws Exception {
    Exception first = null;
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
