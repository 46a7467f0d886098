package io.heterospec.topology.session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
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
  private final int mostRemoved;
  private String from; // null at the beginning of a walk
  private long startMs = Long.MIN_VALUE; // of the present walk, or the last one

  /**
   * @param most entries that a step visits
   * @param mostRemoved after which it ends, too
   */
  Sweep(KeyValueStore<String, V> store, int most, int mostRemoved) {
    this.store = store;
    this.most = most;
    this.mostRemoved = mostRemoved;
  }

  /**
   * Goes on with the walk.
   *
   * @param outdated whether an entry is to be removed
   * @return keys of those that were
   */
  List<String> step(long nowMs, Predicate<KeyValue<String, V>> outdated) {
    List<String> removed = new ArrayList<>();
    if (from == null) {
      if (startMs != Long.MIN_VALUE && nowMs - startMs < PAUSE.toMillis()) {
        return removed;
      }
      startMs = nowMs;
    }
    try (KeyValueIterator<String, V> rest = store.range(from, null)) {
      for (int visited = 0;
          visited < most && removed.size() < mostRemoved && rest.hasNext();
          visited++) {
        KeyValue<String, V> entry = rest.next();
        if (outdated.test(entry)) {
          store.put(entry.key, null); // deleting would read it once more
          removed.add(entry.key);
        }
      }
      from = rest.hasNext() ? rest.peekNextKey() : null;
    }
    return removed;
  }
}
