package io.heterospec.topology.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;

/**
 * A refusal in the shape of OpenAI's API: {@code {"error": {message, type, param, code}}} and an
 * HTTP status. The message never holds prompt text.
 *
 * @see <a href="https://platform.openai.com/docs/guides/error-codes">OpenAI's error codes</a>
 */
public final class ApiError extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final String INVALID_REQUEST = "invalid_request_error";
  private static final int SERVER_ERROR = 500;

  private final int status;
  private final String type;
  private final String param;
  private final String code;
  private final Duration retryAfter;

  private ApiError(
      int status, String type, String param, String code, String message, Duration retryAfter) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Status 400: a field is wrong. */
  public static ApiError invalid(String param, String message) {
    return new ApiError(400, INVALID_REQUEST, param, null, message, Duration.ZERO);
  }

  /** Any other refusal; of type {@code server_error} from status 500 on. */
  public static ApiError of(int status, String code, String message) {
    String type = status < SERVER_ERROR ? INVALID_REQUEST : "server_error";
    return new ApiError(status, type, null, code, message, Duration.ZERO);
  }

  /** Status 404: no such model. */
  public static ApiError unknownModel(String message) {
    return new ApiError(404, INVALID_REQUEST, "model", "model_not_found", message, Duration.ZERO);
  }

  /** Status 429. */
  public static ApiError tooMany(String code, String message, Duration retryAfter) {
    return new ApiError(429, "rate_limit_error", null, code, message, retryAfter);
  }

  public int status() {
    return status;
  }

  /** When to try again; zero where that is not known. */
  public Duration retryAfter() {
    return retryAfter;
  }

  public ObjectNode toJson() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("error")
        .put("message", getMessage())
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return body;
  }
}
