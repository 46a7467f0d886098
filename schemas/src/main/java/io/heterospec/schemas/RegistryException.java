package io.heterospec.schemas;

import org.apache.kafka.common.errors.SerializationException;

/**
 * The schema registry answered, and the answer is no: an unknown id, an incompatible schema,
 * missing rights. Asking again does not help, so the record at hand is the one to set aside.
 */
public final class RegistryException extends SerializationException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final int errorCode;

  RegistryException(String message, int status, int errorCode) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }

  /** The HTTP status of the answer. */
  public int status() {
    return status;
  }

  /** The registry's own error code such as 40403, or the HTTP status where it gave none. */
  public int errorCode() {
    return errorCode;
  }
}
