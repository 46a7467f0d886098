package io.heterospec.topology.serve.openai;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.topology.gateway.GatewayException;
import io.heterospec.topology.route.ErrorCodes;
import io.heterospec.topology.serve.ApiError;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** What went wrong, as OpenAI's API says it. */
final class Errors {
  private Errors() {}

  /** Of a generation that gave no answer; empty for one that did. */
  static Optional<ApiError> of(Completion completion) {
    if (completion.getFinishReason() == FinishReason.CANCELLED) {
      return Optional.of(ApiError.of(409, "cancelled", "the request was cancelled"));
    }
    return Optional.ofNullable(completion.getError()).map(Errors::of);
  }

  /**
   * Passes a completion that is an answer.
   *
   * @throws ApiError what it ended with instead
   */
  static Completion answer(Completion completion) {
    of(completion)
        .ifPresent(
            error -> {
              throw error;
            });
    return completion;
  }

  private static ApiError of(CompletionError error) {
    return switch (error.getCode()) {
      case ErrorCodes.INVALID_REQUEST -> ApiError.invalid(null, error.getMessage());
      case ErrorCodes.UNKNOWN_MODEL -> ApiError.unknownModel(error.getMessage());
      case ErrorCodes.PROMPT_TOO_LONG ->
          ApiError.of(400, "context_length_exceeded", error.getMessage());
      case ErrorCodes.MODEL_CHANGED -> ApiError.of(503, "model_changed", error.getMessage());
      default -> ApiError.of(500, error.getCode().toLowerCase(Locale.ROOT), error.getMessage());
    };
  }

  static ApiError of(GatewayException e) {
    String code = e.reason().name().toLowerCase(Locale.ROOT);
    return switch (e.reason()) {
      case FULL ->
          ApiError.tooMany(
              "queue_full",
              e.getMessage(),
              e.retryAfter().isZero() ? Duration.ofSeconds(1) : e.retryAfter());
      case OPEN -> ApiError.of(409, "already_open", e.getMessage());
      case UNAVAILABLE -> ApiError.of(503, code, e.getMessage());
      case TOO_LARGE -> ApiError.of(413, "request_too_large", e.getMessage());
      case TIMEOUT -> ApiError.of(504, code, e.getMessage());
      case TEXT_CHANGED -> ApiError.of(502, code, e.getMessage());
    };
  }
}
