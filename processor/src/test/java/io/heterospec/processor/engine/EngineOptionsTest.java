package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class EngineOptionsTest {
  private static final EngineOptions DEFAULTS = EngineOptions.of(Path.of("model"), null);

  @Test
  void eachChangeKeepsTheOthers() {
    EngineOptions changed =
        DEFAULTS.withCacheBytes(5 << 20).withPrefillChunk(7).withLimits(3, 4).withThreads(2);
    assertThat(changed.cacheBytes()).isEqualTo(5 << 20);
    assertThat(changed.prefillChunk()).isEqualTo(7);
    assertThat(changed.maxLive()).isEqualTo(3);
    assertThat(changed.maxQueued()).isEqualTo(4);
    assertThat(changed.threads()).isEqualTo(2);
    assertThat(changed.model()).isEqualTo(DEFAULTS.model());
  }

  @Test
  void valuesOutOfRangeAreRefusedByName() {
    refused(options -> options.withThreads(-1), "threads");
    refused(options -> options.withLimits(0, 1), "max live sequences");
    refused(options -> options.withLimits(1, -1), "max queued requests");
    refused(options -> options.withPrefillChunk(0), "prefill chunk");
    refused(options -> options.withCacheBytes(1000), "cache bytes must be at least 1048576");
  }

  private static void refused(UnaryOperator<EngineOptions> change, String reason) {
    assertThatThrownBy(() -> change.apply(DEFAULTS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }
}
