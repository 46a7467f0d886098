package io.heterospec.topology.gateway;

import io.heterospec.schemas.AvroBinarySerde;
import io.heterospec.schemas.ResponseState;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Names and builders of the gateways' state stores: response id → state. */
public final class ResponseStores {
  /** Of one task: the responses it follows; changelogged. */
  static final String TRACKED = "responses";

  /** Of every gateway: all responses, read from their topic. */
  static final String TABLE = "response-table";

  private ResponseStores() {}

  public static StoreBuilder<KeyValueStore<String, ResponseState>> tracked() {
    return Stores.keyValueStoreBuilder(
        Stores.persistentKeyValueStore(TRACKED),
        Serdes.String(),
        new AvroBinarySerde<>(ResponseState.class));
  }

  public static StoreBuilder<KeyValueStore<String, ResponseState>> table() {
    return Stores.keyValueStoreBuilder(
            Stores.inMemoryKeyValueStore(TABLE),
            Serdes.String(),
            new AvroBinarySerde<>(ResponseState.class))
        .withLoggingDisabled();
  }
}
