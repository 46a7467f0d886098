package io.heterospec.topology.session;

import io.heterospec.schemas.AvroBinarySerde;
import io.heterospec.schemas.GenerationProgress;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.SessionPage;
import io.heterospec.schemas.SessionState;
import java.util.Set;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * Names and builders of the processor's state stores. All are changelogged, but {@link #SESSION_KV}
 * only where its records are small.
 */
public final class Stores {
  /** Session id → transcript: the durable truth of a conversation. */
  public static final String SESSIONS = "sessions";

  /** Request id → a generation that has no completion yet. */
  public static final String PENDING = "pending";

  /** Request id and token offset → what one cycle of a pending generation committed. */
  public static final String PROGRESS = "progress";

  /** Request id → when its completion, or a cancellation ahead of its prompt, was seen. */
  public static final String REQUEST_IDS = "request-ids";

  /** Session id and page number → keys and values of its tokens. */
  public static final String SESSION_KV = "session-kv";

  private Stores() {}

  /**
   * The builders, for the processor that owns the stores.
   *
   * @param changelogPages whether {@link #SESSION_KV} is changelogged
   */
  public static Set<StoreBuilder<?>> builders(boolean changelogPages) {
    StoreBuilder<?> pages = store(SESSION_KV, new AvroBinarySerde<>(SessionPage.class));
    return Set.of(
        store(SESSIONS, new AvroBinarySerde<>(SessionState.class)),
        store(PENDING, new AvroBinarySerde<>(PendingGeneration.class)),
        store(PROGRESS, new AvroBinarySerde<>(GenerationProgress.class)),
        store(REQUEST_IDS, Serdes.Long()),
        changelogPages ? pages : pages.withLoggingDisabled());
  }

  private static <V> StoreBuilder<KeyValueStore<String, V>> store(String name, Serde<V> values) {
    return org.apache.kafka.streams.state.Stores.keyValueStoreBuilder(
        org.apache.kafka.streams.state.Stores.persistentKeyValueStore(name),
        Serdes.String(),
        values);
  }
}
