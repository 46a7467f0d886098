package io.heterospec.processor.checkpoint;

/**
 * A model directory that cannot be used as it is. The message is one sentence that names the file,
 * the field or tensor, and what to do about it.
 */
public final class CheckpointException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public CheckpointException(String message) {
    super(message);
  }

  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
