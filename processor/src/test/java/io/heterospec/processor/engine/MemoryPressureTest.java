package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.engine.MemoryPressure.Relief;
import org.junit.jupiter.api.Test;

class MemoryPressureTest {
  private final MemoryPressure pressure = new MemoryPressure();

  private void cycles(int count) {
    for (int i = 0; i < count; i++) {
      pressure.cycleDone();
    }
  }

  private int pause() {
    int cycles = 0;
    while (!pressure.speculates()) {
      pressure.cycleDone();
      cycles++;
    }
    return cycles;
  }

  @Test
  void speculationGoesFirstThenIdleSessionsThenRequestsThenTheDevice() {
    assertThat(pressure.next(true, true)).isEqualTo(Relief.SPECULATION);
    assertThat(pressure.speculates()).isFalse();
    assertThat(pressure.next(true, true)).isEqualTo(Relief.SESSIONS);
    for (int i = 0; i < MemoryPressure.MOST_FAILURES; i++) {
      assertThat(pressure.next(true, false)).isEqualTo(Relief.REQUEST);
    }
    assertThat(pressure.next(true, false)).isEqualTo(Relief.DEVICE);
  }

  @Test
  void plainDecodingHasNoSpeculationToGiveUp() {
    assertThat(pressure.next(false, true)).isEqualTo(Relief.SESSIONS);
    assertThat(pressure.speculates()).isTrue();
  }

  @Test
  void aCycleInBetweenForgivesFailures() {
    for (int i = 0; i < 10; i++) {
      assertThat(pressure.next(false, false)).isEqualTo(Relief.REQUEST);
      cycles(1);
    }
  }

  @Test
  void speculationComesBackAndStaysAwayLongerEachTimeItDoesHarmSoon() {
    pressure.next(true, false);
    assertThat(pause()).isEqualTo(MemoryPressure.FIRST_PAUSE);
    pressure.next(true, false);
    assertThat(pause()).isEqualTo(2 * MemoryPressure.FIRST_PAUSE);
    cycles(1);
    pressure.next(true, false);
    assertThat(pause()).isEqualTo(4 * MemoryPressure.FIRST_PAUSE);
    pressure.next(true, false);
    assertThat(pause()).as("no longer than that").isEqualTo(4 * MemoryPressure.FIRST_PAUSE);
    cycles(4 * MemoryPressure.FIRST_PAUSE);
    pressure.next(true, false);
    assertThat(pause()).as("it did no harm for long").isEqualTo(MemoryPressure.FIRST_PAUSE);
  }
}
