package io.heterospec.topology.session;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What one task remembers of request ids for a while: which are finished, so that a prompt event
 * that comes again is not run again, and which were cancelled before their prompt came (the prompt
 * takes one hop more, through the router).
 */
public final class RequestIds {
  private static final String FINISHED = "f:";
  private static final String CANCELLED = "c:";

  private final KeyValueStore<String, Long> store;

  public RequestIds(KeyValueStore<String, Long> store) {
    this.store = store;
  }

  public void finished(String requestId, long nowMs) {
    store.put(FINISHED + requestId, nowMs);
  }

  public boolean isFinished(String requestId) {
    return store.get(FINISHED + requestId) != null;
  }

  public void cancelledEarly(String requestId, long nowMs) {
    store.put(CANCELLED + requestId, nowMs);
  }

  /** Whether the id was cancelled before its prompt came; forgets it. */
  public boolean takeCancelled(String requestId) {
    return store.delete(CANCELLED + requestId) != null;
  }

  /** Forgets what was noted before a time, in milliseconds since the epoch. */
  public void expire(long beforeMs) {
    try (KeyValueIterator<String, Long> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, Long> entry = all.next();
        if (entry.value < beforeMs) {
          store.delete(entry.key);
        }
      }
    }
  }
}
