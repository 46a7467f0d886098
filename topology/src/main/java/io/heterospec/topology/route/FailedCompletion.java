package io.heterospec.topology.route;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.PromptEvent;
import java.time.Instant;

/**
 * The completion of a request that never ran. Whatever the request says, it fits in a record: a
 * session id that no session can have is left out, the name of a model is cut.
 */
public final class FailedCompletion {
  private FailedCompletion() {}

  /**
   * @param model name of the model it was for, possibly empty
   */
  public static Completion of(
      PromptEvent prompt, String model, InvalidRequestException reason, Instant now) {
    return Completion.newBuilder()
        .setRequestId(prompt.getRequestId())
        .setSessionId(PromptRules.session(prompt))
        .setModel(PromptRules.repeated(model))
        .setFinishReason(FinishReason.FAILED)
        .setError(
            CompletionError.newBuilder()
                .setCode(reason.code())
                .setMessage(reason.getMessage())
                .build())
        .setCompletedAt(now)
        .build();
  }
}
