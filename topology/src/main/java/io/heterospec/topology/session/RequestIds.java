package io.heterospec.topology.session;

import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What one task remembers of request ids for a while: which are finished, so that a prompt event
 * that comes again is not run again, and which were cancelled and have not ended. Of those the
 * prompt may be still to come (it takes one hop more, through the router), or the engine runs them
 * and might be lost before it stops them.
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
    // To delete what is not there would be a record in the changelog all the same.
    if (isCancelled(requestId)) {
      store.delete(CANCELLED + requestId);
    }
  }

  public boolean isFinished(String requestId) {
    return store.get(FINISHED + requestId) != null;
  }

  public void cancelled(String requestId, long nowMs) {
    store.put(CANCELLED + requestId, nowMs);
  }

  /** Whether the id was cancelled and has not ended. */
  public boolean isCancelled(String requestId) {
    return store.get(CANCELLED + requestId) != null;
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
