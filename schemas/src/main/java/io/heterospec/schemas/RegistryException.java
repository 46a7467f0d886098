package io.heterospec.schemas;

import org.apache.kafka.common.errors.SerializationException;

/**
 * The schema registry itself said no, in words of its own: it has no such schema or subject, or the
 * schema is incompatible or not valid. Asking again does not help. Of a record that is read only
 * {@link #isUnknownSchema} says that it is the one to set aside.
 */
public final class RegistryException extends SerializationException {

  private static final long serialVersionUID = 1L;

  private static final int SCHEMA_NOT_FOUND = 40403;

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

  /** The registry's own error code such as 40403. */
  public int errorCode() {
    return errorCode;
  }

  /** Whether the registry has no schema of the id, or not the schema, that it was asked for. */
  public boolean isUnknownSchema() {
    return errorCode == SCHEMA_NOT_FOUND;
  }
}
