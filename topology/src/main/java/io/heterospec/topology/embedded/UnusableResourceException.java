package io.heterospec.topology.embedded;

/**
 * A port or directory that was asked for cannot be used; the message says which, and what to do.
 */
public final class UnusableResourceException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  UnusableResourceException(String message, Throwable cause) {
    super(message, cause);
  }

  UnusableResourceException(String message) {
    super(message);
  }
}
