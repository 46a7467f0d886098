package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.kv.KvPage;
import io.heterospec.processor.kv.PageFormat;
import io.heterospec.processor.kv.PrefixHash;
import io.heterospec.schemas.AvroBinarySerde;
import io.heterospec.schemas.SessionPage;
import io.heterospec.topology.session.SessionKv;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DamagedPagesTest {
  private static final PageFormat FORMAT = new PageFormat("model", "fp32", 64, 16);

  @TempDir Path state;

  private KeyValueStore<String, SessionPage> open() {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    MockProcessorContext<Void, Void> context =
        new MockProcessorContext<>(properties, new TaskId(0, 0), state.toFile());
    KeyValueStore<String, SessionPage> store =
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(io.heterospec.topology.session.Stores.SESSION_KV),
                Serdes.String(),
                new AvroBinarySerde<>(SessionPage.class))
            .withLoggingDisabled()
            .build();
    store.init(context.getStateStoreContext(), store);
    return store;
  }

  private static KvPage page(int firstRow) {
    return FORMAT.page(
        firstRow, PrefixHash.EMPTY, new int[] {1, 2, 3}, new byte[128], new byte[32]);
  }

  @Test
  void theStoreReadsThemAndOnlyTheirChecksumTells() {
    KeyValueStore<String, SessionPage> written = open();
    SessionKv pages = new SessionKv(written);
    pages.pages("s").write(0, page(0));
    pages.pages("s").write(1, page(2));
    pages.flush(2);
    assertThat(pages.pages("s").read(0).intact()).isTrue();
    written.close();

    assertThat(DamagedPages.damage(state)).isEqualTo(2);

    KeyValueStore<String, SessionPage> reopened = open();
    for (int number = 0; number < 2; number++) {
      KvPage damaged = new SessionKv(reopened).pages("s").read(number);
      assertThat(damaged.tokens()).containsExactly(1, 2, 3);
      assertThat(damaged.intact()).isFalse();
    }
    reopened.close();
  }

  @Test
  void whereNothingIsStoredNothingIsDamaged() {
    assertThat(DamagedPages.damage(state)).isZero();
    assertThat(DamagedPages.damage(state.resolve("missing"))).isZero();
  }
}
