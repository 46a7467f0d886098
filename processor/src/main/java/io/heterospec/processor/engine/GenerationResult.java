package io.heterospec.processor.engine;

import io.heterospec.processor.kv.CacheTier;

/**
 * The end of a generation.
 *
 * @param requestId the request
 * @param finishReason why it ended
 * @param errorCode for FAILED: {@code ENGINE_ERROR}, or {@code ENGINE_LOST} where the engine died
 *     and another can go on from what was emitted; otherwise null
 * @param errorMessage for FAILED: what happened, without prompt text; otherwise null
 * @param retryable for FAILED: whether the same request may succeed later
 * @param tokenIds every generated token, committed ones included; an end-of-sequence token counts
 * @param text the whole text, special tokens and stop sequence left out
 * @param tailText text not yet delivered by a step, held back for a possible stop sequence
 * @param promptTokens tokens of the prompt
 * @param cachedTokens of those, the ones whose keys and values were found in a cache
 * @param cacheTier where they were found
 * @param targetCalls passes of the target in this attempt that gave a token
 * @param verifiedTokens rows of those passes
 * @param draftedTokens candidates drafted in this attempt
 * @param acceptedTokens tokens of this attempt beyond one for each target call: accepted draft
 *     tokens, less what a stop or the length limit cut off
 * @param queueNanos from submission to admission
 * @param prefillNanos from admission until the prompt is computed, as a rule to the first token
 * @param decodeNanos from the first cycle to the end
 * @param secondsPerToken mean time of this attempt's tokens after those of its first cycle; NaN
 *     when there were none
 */
public record GenerationResult(
    String requestId,
    FinishReason finishReason,
    String errorCode,
    String errorMessage,
    boolean retryable,
    int[] tokenIds,
    String text,
    String tailText,
    int promptTokens,
    int cachedTokens,
    CacheTier cacheTier,
    long targetCalls,
    long verifiedTokens,
    long draftedTokens,
    long acceptedTokens,
    long queueNanos,
    long prefillNanos,
    long decodeNanos,
    double secondsPerToken) {

  static final String ENGINE_LOST = "ENGINE_LOST";

  /** Whether the engine died, which ends nothing but this attempt. */
  public boolean isEngineLost() {
    return ENGINE_LOST.equals(errorCode);
  }

  /** Mean acceptance length τ: tokens per target call, the target's own token counted. */
  public double meanAcceptanceLength() {
    return targetCalls == 0 ? 0 : 1 + (double) acceptedTokens / targetCalls;
  }
}
