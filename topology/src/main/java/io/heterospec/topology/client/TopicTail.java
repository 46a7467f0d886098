package io.heterospec.topology.client;

import io.heterospec.schemas.RegistryUnavailableException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads topics on a thread of its own until it is closed. A registry that is away only delays it;
 * anything else that the reader does not mend itself ends it, and {@link #healthy} says so.
 */
public final class TopicTail implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TopicTail.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final long RETRY_MS = 500;

  private final EventReader reader;
  private final EventReader.Handler handler;
  private final Consumer<RuntimeException> onFailure;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  /**
   * @param reader closed at the end
   */
  public TopicTail(String name, EventReader reader, EventReader.Handler handler) {
    this(name, reader, handler, failure -> {});
  }

  /**
   * @param reader closed at the end
   * @param onFailure told what reading ended with, on its thread
   */
  public TopicTail(
      String name,
      EventReader reader,
      EventReader.Handler handler,
      Consumer<RuntimeException> onFailure) {
    this.reader = reader;
    this.handler = handler;
    this.onFailure = onFailure;
    this.thread = new Thread(this::read, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void read() {
    try (reader) {
      while (closed.getCount() > 0) {
        try {
          reader.poll(POLL, handler);
        } catch (RegistryUnavailableException e) {
          LOG.warn("reading waits for the schema registry: {}", e.getMessage());
          closed.await(RETRY_MS, TimeUnit.MILLISECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("{} ends", thread.getName(), e);
      onFailure.accept(e);
    }
  }

  public boolean healthy() {
    return thread.isAlive();
  }

  /** Waits until nothing is read any more, unless the reading thread itself calls. */
  @Override
  public void close() {
    closed.countDown();
    if (Thread.currentThread() == thread) {
      return;
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
