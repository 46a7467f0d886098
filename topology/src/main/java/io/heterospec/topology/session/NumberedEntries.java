package io.heterospec.topology.session;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * A store in which each owner has entries with numbers: what grows piece by piece is appended,
 * never rewritten. An owner's entries lie together, in the order of their numbers.
 *
 * @param <V> the entries
 */
public final class NumberedEntries<V> {
  private static final char SEPARATOR = '\u0000';
  private static final char AFTER_SEPARATOR = '\u0001';

  private final KeyValueStore<String, V> store;

  public NumberedEntries(KeyValueStore<String, V> store) {
    this.store = store;
  }

  public void put(String owner, int number, V entry) {
    store.put(key(owner, number), entry);
  }

  /** The entry; null where there is none. */
  public V get(String owner, int number) {
    return get(store, owner, number);
  }

  /** All entries of an owner; the caller's to close. */
  public KeyValueIterator<String, V> of(String owner) {
    return of(store, owner);
  }

  /** Deletes all entries of an owner. */
  public void delete(String owner) {
    List<String> keys = new ArrayList<>();
    try (KeyValueIterator<String, V> entries = of(owner)) {
      while (entries.hasNext()) {
        keys.add(entries.next().key);
      }
    }
    keys.forEach(key -> store.put(key, null)); // deleting would read each once more
  }

  /** The same of a store that is only read. */
  static <V> V get(ReadOnlyKeyValueStore<String, V> store, String owner, int number) {
    return store.get(key(owner, number));
  }

  /** The same of a store that is only read. */
  static <V> KeyValueIterator<String, V> of(ReadOnlyKeyValueStore<String, V> store, String owner) {
    return store.range(owner + SEPARATOR, owner + AFTER_SEPARATOR);
  }

  private static String key(String owner, int number) {
    return "%s%c%010d".formatted(owner, SEPARATOR, number);
  }
}
