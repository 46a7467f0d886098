package io.heterospec.topology.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.embedded.RegistryEntry.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class StoredRegistryTest {

  private static final Schema TEXT = Schema.create(Schema.Type.STRING);
  private static final Schema NUMBER = Schema.create(Schema.Type.LONG);

  private final FailingLog log = new FailingLog();
  private final StoredRegistry registry = StoredRegistry.open(log);

  @Test
  void shouldNotKnowAChangeThatWasNotStored() {
    log.failNext(false);

    assertThatThrownBy(() -> registry.register("s", TEXT))
        .isInstanceOfSatisfying(
            RegistryError.class, error -> assertThat(error.code()).isEqualTo(50001));
    assertThat(registry.read(RegistryState::subjects)).isEmpty();
    assertThat(registry.register("s", TEXT).id()).isEqualTo(1);
  }

  @Test
  void shouldNotGiveAnIdTwiceWhenAFailedWriteWasStoredAllTheSame() {
    log.failNext(true);
    assertThatThrownBy(() -> registry.register("s", TEXT)).isInstanceOf(RegistryError.class);

    assertThat(registry.register("other", NUMBER).id()).isEqualTo(2);
    assertThat(registry.register("s", TEXT).id()).isEqualTo(1);
    assertThat(log.entries).hasSize(2);
  }

  @Test
  void shouldStoreARepeatedSchemaOnce() {
    registry.register("s", TEXT);
    registry.register("s", TEXT);
    registry.store(new Level("s", CompatibilityLevel.FULL));

    assertThat(log.entries).hasSize(2);
    Optional<CompatibilityLevel> level = registry.read(state -> state.ownLevel("s"));
    assertThat(level).contains(CompatibilityLevel.FULL);
  }

  @Test
  void shouldCloseALogItCannotRead() {
    FailingLog unreadable = new FailingLog();
    unreadable.readable = false;

    assertThatThrownBy(() -> StoredRegistry.open(unreadable))
        .isInstanceOf(IllegalStateException.class);
    assertThat(unreadable.closed).isTrue();
  }

  @Test
  void shouldKeepTheInterruptOfAWrite() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> registry.register("s", TEXT)).isInstanceOf(RegistryError.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  /** Keeps entries in memory; can fail a write before or after it took effect. */
  private static final class FailingLog implements RegistryLog {

    final List<RegistryEntry> entries = new ArrayList<>();
    boolean readable = true;
    boolean closed;
    private boolean fail;
    private boolean storeAllTheSame;

    void failNext(boolean storeAllTheSame) {
      this.fail = true;
      this.storeAllTheSame = storeAllTheSame;
    }

    @Override
    public void append(RegistryEntry entry) throws ExecutionException, InterruptedException {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (!fail || storeAllTheSame) {
        entries.add(entry);
      }
      if (fail) {
        fail = false;
        throw new ExecutionException(new TimeoutException("no answer"));
      }
    }

    @Override
    public RegistryState load() {
      if (!readable) {
        throw new IllegalStateException("unreadable");
      }
      RegistryState state = new RegistryState();
      entries.forEach(state::apply);
      return state;
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
