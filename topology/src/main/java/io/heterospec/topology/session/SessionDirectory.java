package io.heterospec.topology.session;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.schemas.SessionPage;
import io.heterospec.schemas.SessionState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyQueryMetadata;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.state.HostInfo;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * The sessions of a pool, by interactive queries: those whose partitions are here, and which
 * instance has the others. Safe for use by many threads.
 */
public final class SessionDirectory {
  private final KafkaStreams streams;
  private final DecodeEngine engine;

  public SessionDirectory(KafkaStreams streams, DecodeEngine engine) {
    this.streams = streams;
    this.engine = engine;
  }

  /**
   * Sessions of this instance.
   *
   * @param prefix what their ids start with
   * @param most how many
   * @throws org.apache.kafka.streams.errors.InvalidStateStoreException while partitions move
   */
  public List<SessionSummary> list(String prefix, int most) {
    Map<String, Integer> onDevice = engine.sessions();
    ReadOnlyKeyValueStore<String, SessionPage> pages = store(Stores.SESSION_KV);
    List<SessionSummary> found = new ArrayList<>();
    ReadOnlyKeyValueStore<String, SessionState> sessions = store(Stores.SESSIONS);
    try (KeyValueIterator<String, SessionState> all =
        prefix.isEmpty() ? sessions.all() : sessions.prefixScan(prefix, new StringSerializer())) {
      while (all.hasNext() && found.size() < most) {
        KeyValue<String, SessionState> entry = all.next();
        boolean stored = SessionKv.holds(pages, entry.key);
        found.add(summary(entry.value, onDevice.getOrDefault(entry.key, 0), -1, stored));
      }
    }
    return found;
  }

  /**
   * A session of this instance.
   *
   * @throws org.apache.kafka.streams.errors.InvalidStateStoreException while partitions move
   */
  public Optional<SessionSummary> find(String id) {
    SessionState state = this.<SessionState>store(Stores.SESSIONS).get(id);
    if (state == null) {
      return Optional.empty();
    }
    int stored = SessionKv.tokens(store(Stores.SESSION_KV), id);
    return Optional.of(summary(state, engine.sessions().getOrDefault(id, 0), stored, stored > 0));
  }

  /** The instance that has a session; empty while nobody knows, or where instances do not say. */
  public Optional<HostInfo> owner(String id) {
    KeyQueryMetadata metadata =
        streams.queryMetadataForKey(Stores.SESSIONS, id, new StringSerializer());
    return metadata == null || metadata.equals(KeyQueryMetadata.NOT_AVAILABLE)
        ? Optional.empty()
        : Optional.of(metadata.activeHost()).filter(SessionDirectory::isKnown);
  }

  /** Instances that say where they are reached. */
  public Collection<HostInfo> instances() {
    TreeSet<HostInfo> hosts = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
    for (StreamsMetadata each : streams.streamsMetadataForStore(Stores.SESSIONS)) {
      if (isKnown(each.hostInfo())) {
        hosts.add(each.hostInfo());
      }
    }
    return hosts;
  }

  private static boolean isKnown(HostInfo host) {
    return !host.equals(HostInfo.unavailable());
  }

  private static SessionSummary summary(
      SessionState state, int onDevice, int stored, boolean hasPages) {
    CacheTier tier = onDevice > 0 ? CacheTier.DEVICE : hasPages ? CacheTier.STORE : CacheTier.NONE;
    return new SessionSummary(
        state.getSessionId(),
        state.getTurns(),
        state.getTranscriptTokenIds().size(),
        state.getLastUsedAt(),
        onDevice,
        stored,
        tier.name().toLowerCase(Locale.ROOT));
  }

  private <V> ReadOnlyKeyValueStore<String, V> store(String name) {
    return streams.store(
        StoreQueryParameters.fromNameAndType(name, QueryableStoreTypes.keyValueStore()));
  }
}
