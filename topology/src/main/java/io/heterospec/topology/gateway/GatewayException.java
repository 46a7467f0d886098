package io.heterospec.topology.gateway;

import java.time.Duration;

/** A request that this gateway cannot serve, or not now. */
public final class GatewayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What is at fault. */
  public enum Reason {
    /** As many requests are open as may be. */
    FULL,
    /** A request with the same id is open. */
    OPEN,
    /** Kafka or the schema registry is out of reach, or this gateway is stopping. */
    UNAVAILABLE,
    /** The prompt is larger than what Kafka takes. */
    TOO_LARGE,
    /** No answer came in time. */
    TIMEOUT,
    /** Text that was streamed already turned out to be other than what was committed. */
    TEXT_CHANGED
  }

  private final Reason reason;
  private final Duration retryAfter;

  GatewayException(Reason reason, String message, Duration retryAfter) {
    super(message);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  public Reason reason() {
    return reason;
  }

  /** When to try again; zero where that is not known. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
