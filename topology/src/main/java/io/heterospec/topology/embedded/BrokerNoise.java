package io.heterospec.topology.embedded;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;

/**
 * Leaves out what a broker logs as an error and is none. With transactions of version 2 (KIP-890)
 * the first batch of a transaction waits for the markers of the one before; batches sent right
 * behind it arrive out of order, are refused, and are sent again by their producer.
 */
public final class BrokerNoise extends Filter<ILoggingEvent> {
  private static final String REFUSED = OutOfOrderSequenceException.class.getName();

  @Override
  public FilterReply decide(ILoggingEvent event) {
    IThrowableProxy thrown = event.getThrowableProxy();
    return thrown != null && thrown.getClassName().equals(REFUSED)
        ? FilterReply.DENY
        : FilterReply.NEUTRAL;
  }
}
