package io.heterospec.topology.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.junit.jupiter.api.Test;

class BrokerNoiseTest {
  private final BrokerNoise filter = new BrokerNoise();

  private FilterReply decide(Throwable thrown) {
    return filter.decide(
        new LoggingEvent(
            "",
            new LoggerContext().getLogger("broker"),
            Level.ERROR,
            "append failed",
            thrown,
            null));
  }

  @Test
  void onlyBatchesThatAreSentAgainAreLeftOut() {
    assertThat(decide(new OutOfOrderSequenceException("sequence 1"))).isEqualTo(FilterReply.DENY);
    assertThat(decide(new KafkaStorageException("disk"))).isEqualTo(FilterReply.NEUTRAL);
    assertThat(decide(null)).isEqualTo(FilterReply.NEUTRAL);
  }
}
