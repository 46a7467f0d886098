package io.heterospec.topology.embedded;

/**
 * A port, directory or server that was asked for cannot be used; the message says which, and what
 * to do.
 */
public final class UnusableResourceException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  public UnusableResourceException(String message, Throwable cause) {
    super(message, cause);
  }

  public UnusableResourceException(String message) {
    super(message);
  }
}
