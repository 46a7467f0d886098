package io.heterospec.topology.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SweepTest {
  private static final int MOST = 3;
  private static final long PAUSE_MS = Sweep.PAUSE.toMillis();

  private KeyValueStore<String, Long> store;
  private Sweep<Long> sweep;

  @BeforeEach
  void open() {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    MockProcessorContext<Void, Void> context = new MockProcessorContext<>(properties);
    store =
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore("numbers"), Serdes.String(), Serdes.Long())
            .withLoggingDisabled()
            .build();
    store.init(context.getStateStoreContext(), store);
    for (long i = 0; i < 8; i++) {
      store.put("k" + i, i);
    }
    sweep = new Sweep<>(store, MOST, MOST);
  }

  private List<String> step(long nowMs) {
    List<String> visited = new ArrayList<>();
    List<String> removed =
        sweep.step(
            nowMs,
            entry -> {
              visited.add(entry.key);
              return false;
            });
    assertThat(removed).isEmpty();
    return visited;
  }

  @Test
  void aStepVisitsSomeAndTheNextGoesOn() {
    assertThat(step(0)).containsExactly("k0", "k1", "k2");
    assertThat(step(1)).containsExactly("k3", "k4", "k5");
    assertThat(step(2)).containsExactly("k6", "k7");
  }

  @Test
  void afterAWalkTheNextWaits() {
    for (int i = 0; i < 3; i++) {
      step(i);
    }
    assertThat(step(3)).isEmpty();
    assertThat(step(PAUSE_MS - 1)).isEmpty();
    assertThat(step(PAUSE_MS)).containsExactly("k0", "k1", "k2");
  }

  @Test
  void whatIsDeletedAndWhatIsNewDoesNotStopIt() {
    assertThat(sweep.step(0, entry -> true)).containsExactly("k0", "k1", "k2");
    store.delete("k3"); // where it would have gone on
    store.put("k4a", 9L);
    assertThat(step(1)).containsExactly("k4", "k4a", "k5");
    assertThat(store.approximateNumEntries()).isEqualTo(5);
  }

  @Test
  void aStepEndsWhenItHasRemovedEnough() {
    sweep = new Sweep<>(store, 8, 2);
    assertThat(sweep.step(0, entry -> entry.value % 2 == 1)).containsExactly("k1", "k3");
    assertThat(step(1)).containsExactly("k4", "k5", "k6", "k7");
    assertThat(store.get("k1")).isNull();
    assertThat(store.get("k2")).isEqualTo(2);
  }

  @Test
  void anEmptyStoreIsNoFault() {
    sweep = new Sweep<>(store, 8, 8);
    sweep.step(0, entry -> true);
    assertThat(step(PAUSE_MS)).isEmpty();
    assertThat(step(2 * PAUSE_MS)).isEmpty();
  }
}
