package io.heterospec.topology.route;

/**
 * A request that can never run. Its fate: a FAILED completion with this code and message. Thrown
 * while its record is processed, it also puts the record into the dead letters; what a processor
 * has taken into its store gets the completion alone. The message never holds prompt text.
 */
public final class InvalidRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;

  public InvalidRequestException(String code, String message) {
    super(message);
    this.code = code;
  }

  /** A stable code such as {@code INVALID_REQUEST}. */
  public String code() {
    return code;
  }
}
