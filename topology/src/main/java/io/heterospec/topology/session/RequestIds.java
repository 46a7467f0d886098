package io.heterospec.topology.session;

import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What one task remembers of request ids for a while: which are finished, so that a prompt event
 * that comes again is not run again, and which were cancelled before their prompt came (the prompt
 * takes one hop more, through the router).
 */
public final class RequestIds {
  private static final String FINISHED = "f:";
  private static final String CANCELLED = "c:";

  private static final int MOST_AT_ONCE = 2_000;

  private final KeyValueStore<String, Long> store;
  private final Sweep<Long> sweep;

  public RequestIds(KeyValueStore<String, Long> store) {
    this.store = store;
    this.sweep = new Sweep<>(store, MOST_AT_ONCE, MOST_AT_ONCE);
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
    String key = CANCELLED + requestId;
    // To delete what is not there would be a record in the changelog all the same.
    return store.get(key) != null && store.delete(key) != null;
  }

  /**
   * Looks at some of the ids and forgets those noted before a time. Repeated calls get to all.
   *
   * @param beforeMs milliseconds since the epoch
   */
  public void expire(long beforeMs, long nowMs) {
    sweep.step(nowMs, entry -> entry.value < beforeMs);
  }
}
