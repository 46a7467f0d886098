package io.heterospec.topology.gateway;

import java.time.Duration;

/**
 * Bounds the requests that are open, and tells those it refuses when a place is likely to be free:
 * after the mean time between the latest ends of requests, idle times left out.
 */
final class QueueBound {
  private static final double WEIGHT = 0.2; // of the latest interval in the moving average
  private static final double MIN_SECONDS = 1;
  private static final double MAX_SECONDS = 60;

  private final int bound;
  private int open;
  private long sinceNanos; // the latest end, or when work came after an idle time
  private double meanSeconds = MIN_SECONDS;

  QueueBound(int bound) {
    this.bound = bound;
  }

  /**
   * Takes a place.
   *
   * @throws GatewayException when there is none
   */
  synchronized void enter(long nowNanos) {
    if (open >= bound) {
      double seconds = Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, Math.ceil(meanSeconds)));
      throw new GatewayException(
          GatewayException.Reason.FULL,
          "%d requests are open, as many as this gateway takes; try again later".formatted(open),
          Duration.ofSeconds((long) seconds));
    }
    if (open++ == 0) {
      sinceNanos = nowNanos;
    }
  }

  /** Gives a place back. */
  synchronized void leave(long nowNanos) {
    meanSeconds += WEIGHT * ((nowNanos - sinceNanos) / 1e9 - meanSeconds);
    sinceNanos = nowNanos;
    open--;
  }

  synchronized int open() {
    return open;
  }

  int bound() {
    return bound;
  }
}
