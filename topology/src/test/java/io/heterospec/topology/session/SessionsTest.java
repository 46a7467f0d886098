package io.heterospec.topology.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.schemas.AvroBinarySerde;
import io.heterospec.schemas.SessionState;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SessionsTest {
  private Sessions sessions;

  @BeforeEach
  void open() {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    MockProcessorContext<Void, Void> context = new MockProcessorContext<>(properties);
    KeyValueStore<String, SessionState> store =
        Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore("sessions"),
                Serdes.String(),
                new AvroBinarySerde<>(SessionState.class))
            .withLoggingDisabled()
            .build();
    store.init(context.getStateStoreContext(), store);
    sessions = new Sessions(store);
  }

  private void turn(String id, Instant at) {
    sessions.put(
        sessions.after(
            "s", id, "model-a", Transcript.whole(new int[] {1, 2}, ""), List.of(3, 4), "ok", at));
  }

  @Test
  void aTranscriptIsPromptAndAnswer() {
    assertThat(sessions.transcript("s", "model-a").tokens()).isEmpty();
    assertThat(sessions.transcript(null, "model-a").tokens()).isEmpty();
    turn("r1", Instant.EPOCH);
    assertThat(sessions.transcript("s", "model-a").tokens()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void tokenIdsOfAnotherModelAreNotUsed() {
    turn("r1", Instant.EPOCH);
    assertThat(sessions.transcript("s", "model-b").tokens()).isEmpty();
  }

  @Test
  void theLastRequestIdsAreRemembered() {
    for (int i = 0; i < 40; i++) {
      turn("r" + i, Instant.EPOCH);
    }
    assertThat(sessions.hasFinished("s", "r39")).isTrue();
    assertThat(sessions.hasFinished("s", "r8")).isTrue();
    assertThat(sessions.hasFinished("s", "r7")).isFalse();
    assertThat(sessions.hasFinished("other", "r39")).isFalse();
    assertThat(sessions.hasFinished(null, "r39")).isFalse();
  }

  @Test
  void idleSessionsExpire() {
    turn("r1", Instant.ofEpochSecond(10));
    Instant now = Instant.ofEpochSecond(1000);
    assertThat(sessions.expire(Instant.ofEpochSecond(10), now, id -> false)).isEmpty();
    assertThat(sessions.transcript("s", "model-a").tokens()).isNotEmpty();
    assertThat(sessions.expire(Instant.ofEpochSecond(11), now.plus(Sweep.PAUSE), id -> false))
        .containsExactly("s");
    assertThat(sessions.transcript("s", "model-a").tokens()).isEmpty();
  }
}
