package io.heterospec.topology.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateMemoryTest {
  private static final long BYTES = 16 << 20;
  private static final int ENTRY = 256 << 10;
  private static final int ENTRIES = 160; // 40 MiB in each store

  @TempDir Path directory;

  private KeyValueStore<String, byte[]> open(String name, StateMemory memory) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    properties.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, StateMemory.Sharing.class);
    properties.put(StateMemory.KEY, memory);
    MockProcessorContext<Void, Void> context =
        new MockProcessorContext<>(properties, new TaskId(0, 0), directory.toFile());
    KeyValueStore<String, byte[]> store =
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.ByteArray())
            .withLoggingDisabled()
            .build();
    store.init(context.getStateStoreContext(), store);
    return store;
  }

  @Test
  void storesTogetherUseNoMoreThanIsTheirs() {
    try (StateMemory memory = new StateMemory(BYTES)) {
      List<KeyValueStore<String, byte[]>> stores =
          Stream.of("one", "two", "three").map(name -> open(name, memory)).toList();
      long most = 0;
      for (int i = 0; i < ENTRIES; i++) {
        for (KeyValueStore<String, byte[]> store : stores) {
          store.put("k" + i, new byte[ENTRY]);
          most = Math.max(most, memory.used());
        }
      }
      for (KeyValueStore<String, byte[]> store : stores) {
        assertThat(store.get("k0")).hasSize(ENTRY);
        assertThat(store.get("k" + (ENTRIES - 1))).hasSize(ENTRY);
      }
      // What is being written out while more comes in may be above the limit for a moment.
      assertThat(most).isPositive().isLessThan(2 * BYTES);
      stores.forEach(KeyValueStore::close);
    }
  }
}
