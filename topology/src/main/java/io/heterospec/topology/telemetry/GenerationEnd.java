package io.heterospec.topology.telemetry;

import io.heterospec.processor.kv.CacheTier;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import java.time.Duration;
import java.util.Locale;

/**
 * A request that has ended, with all that metrics and spans tell of it.
 *
 * @param cacheTier where the first tokens of its prompt were found; null when the engine never ran
 *     it
 * @param secondsPerToken of the tokens after those of its first cycle; NaN when there were none
 */
public record GenerationEnd(
    PendingGeneration pending, Completion completion, CacheTier cacheTier, double secondsPerToken) {

  /** The end of a request that the engine did not run to its end. */
  public static GenerationEnd withoutEngine(PendingGeneration pending, Completion completion) {
    return new GenerationEnd(pending, completion, null, Double.NaN);
  }

  PromptEvent prompt() {
    return pending.getRequest().getPrompt();
  }

  /** From its arrival at the processor. */
  Duration duration() {
    return Duration.between(pending.getEnqueuedAt(), completion.getCompletedAt());
  }

  String finishReason() {
    return completion.getFinishReason().name().toLowerCase(Locale.ROOT);
  }

  /** Whether a text came to its end, by itself or at its limit. */
  boolean succeeded() {
    return completion.getFinishReason() != FinishReason.FAILED
        && completion.getFinishReason() != FinishReason.CANCELLED;
  }

  /** What failed, as a stable code; null for what did not fail. */
  String error() {
    return completion.getError() == null ? null : completion.getError().getCode();
  }
}
