package io.heterospec.processor.engine;

/**
 * The device cannot be used by this process any more. Nothing that ran on it has ended: the process
 * is to be replaced, and what was committed continues elsewhere.
 */
public final class DeviceLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DeviceLostException(String reason, Throwable cause) {
    super(reason + ": " + firstLine(cause), cause);
  }

  // libtorch's messages go on with a stack.
  private static String firstLine(Throwable cause) {
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("no message");
  }
}
