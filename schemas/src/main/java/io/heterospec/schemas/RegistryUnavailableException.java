package io.heterospec.schemas;

import org.apache.kafka.common.errors.SerializationException;

/**
 * No schema registry answered, after all retries, or what answered is none, or does not let us in.
 * This says nothing about the record at hand: a handler that sets malformed records aside should
 * stop on this one instead, and the record is processed when the registry is back.
 */
public final class RegistryUnavailableException extends SerializationException {

  private static final long serialVersionUID = 1L;

  RegistryUnavailableException(String message) {
    super(message);
  }

  RegistryUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
