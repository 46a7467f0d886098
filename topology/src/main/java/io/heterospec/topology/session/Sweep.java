package io.heterospec.topology.session;

import java.time.Duration;
import java.util.function.Consumer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Visits all entries of a store again and again, a bounded number at a time: a stream thread does
 * other work in between, however many there are. A walk begins a while after the last one did.
 *
 * @param <V> the entries
 */
final class Sweep<V> {
  static final Duration PAUSE = Duration.ofMinutes(1);

  private final KeyValueStore<String, V> store;
  private final int most;
  private String from; // null at the beginning of a walk
  private long startMs = Long.MIN_VALUE; // of the present walk, or the last one

  /**
   * @param most entries that a step visits
   */
  Sweep(KeyValueStore<String, V> store, int most) {
    this.store = store;
    this.most = most;
  }

  /**
   * Goes on with the walk.
   *
   * @param visit may delete the entry
   */
  void step(long nowMs, Consumer<KeyValue<String, V>> visit) {
    if (from == null) {
      if (startMs != Long.MIN_VALUE && nowMs - startMs < PAUSE.toMillis()) {
        return;
      }
      startMs = nowMs;
    }
    try (KeyValueIterator<String, V> rest = store.range(from, null)) {
      for (int visited = 0; visited < most && rest.hasNext(); visited++) {
        visit.accept(rest.next());
      }
      from = rest.hasNext() ? rest.peekNextKey() : null;
    }
  }
}
