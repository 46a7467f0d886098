package io.heterospec.topology.generate;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * The orderly end of a process. Kafka Streams closes a task without letting it forward anything
 * more; so before it is asked to close, every task publishes what the engine has made, takes its
 * work back from the engine and asks for a commit. The next owner continues from there.
 */
public final class Handover {
  private final Set<Object> tasks = new HashSet<>(); // guarded by this
  private boolean begun; // guarded by this

  /** A task that has work in the engine, or may have. */
  synchronized void join(Object task) {
    tasks.add(task);
  }

  /** Notes that a task has nothing to hand over any more. */
  synchronized void leave(Object task) {
    tasks.remove(task);
    notifyAll();
  }

  synchronized boolean begun() {
    return begun;
  }

  /**
   * Asks all tasks to hand over and waits until they have.
   *
   * @return false when that takes longer than the limit
   */
  public synchronized boolean begin(Duration limit) throws InterruptedException {
    begun = true;
    long end = System.nanoTime() + limit.toNanos();
    while (!tasks.isEmpty()) {
      long leftMs = (end - System.nanoTime()) / 1_000_000;
      if (leftMs <= 0) {
        return false;
      }
      wait(leftMs);
    }
    return true;
  }
}
