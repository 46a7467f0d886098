package io.heterospec.topology.cli;

/** Wrong usage or input that options alone do not show: one line on stderr, exit code 2. */
final class UsageException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }

  UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
