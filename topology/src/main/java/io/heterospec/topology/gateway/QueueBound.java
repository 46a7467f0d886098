package io.heterospec.topology.gateway;

import java.time.Duration;

/**
 * Bounds the requests that are open, and tells those it refuses when a place is likely to be free:
 * after the mean time between the latest ends of requests.
 */
final class QueueBound {
  private static final double WEIGHT = 0.2; // of the latest interval in the moving average
  private static final double MIN_SECONDS = 1;
  private static final double MAX_SECONDS = 60;

  private final int bound;
  private int open;
  private long lastEndNanos;
  private double meanSeconds = MIN_SECONDS;

  QueueBound(int bound) {
    this.bound = bound;
  }

  /**
   * Takes a place.
   *
   * @throws GatewayException when there is none
   */
  synchronized void enter() {
    if (open >= bound) {
      double seconds = Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, Math.ceil(meanSeconds)));
      throw new GatewayException(
          GatewayException.Reason.FULL,
          "%d requests are open, as many as this gateway takes; try again later".formatted(open),
          Duration.ofSeconds((long) seconds));
    }
    open++;
  }

  /** Gives a place back. */
  synchronized void leave(long nowNanos) {
    if (lastEndNanos != 0) {
      meanSeconds += WEIGHT * ((nowNanos - lastEndNanos) / 1e9 - meanSeconds);
    }
    lastEndNanos = nowNanos;
    open--;
  }

  synchronized int open() {
    return open;
  }

  int bound() {
    return bound;
  }
}
