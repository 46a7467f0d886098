package io.heterospec.processor.engine;

import io.heterospec.processor.kv.SessionPages;
import java.util.Objects;

/**
 * One generation asked of an engine.
 *
 * @param id unique among live requests of the engine
 * @param promptIds token ids of the prompt, at least one
 * @param committedIds tokens already generated and published by an earlier attempt; the engine
 *     continues after them and never emits them again
 * @param sampling how tokens are chosen; {@code maxTokens} counts the committed tokens too
 * @param mode name of the tree policy ({@code vanilla}, {@code eagle3}, {@code heterospec}, {@code
 *     budgeted}), or null for the engine's default
 * @param priority higher is admitted first; where there is no room it takes the place of a lower
 *     one, which waits for another place and then goes on with its text
 * @param deadlineEpochMillis wall-clock time after which the generation is cancelled; {@link
 *     Long#MAX_VALUE} for none
 * @param traceTree whether cycle reports carry the draft tree
 * @param session where the cache of this turn's session is kept; null for a generation without one
 */
public record GenerationRequest(
    String id,
    int[] promptIds,
    int[] committedIds,
    SamplingParams sampling,
    String mode,
    int priority,
    long deadlineEpochMillis,
    boolean traceTree,
    SessionPages session) {

  public GenerationRequest {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(committedIds, "committedIds");
    Objects.requireNonNull(sampling, "sampling");
    if (promptIds.length == 0) {
      throw new IllegalArgumentException("the prompt has no tokens");
    }
  }

  /** A request without a session. */
  public GenerationRequest(
      String id,
      int[] promptIds,
      int[] committedIds,
      SamplingParams sampling,
      String mode,
      int priority,
      long deadlineEpochMillis,
      boolean traceTree) {
    this(
        id,
        promptIds,
        committedIds,
        sampling,
        mode,
        priority,
        deadlineEpochMillis,
        traceTree,
        null);
  }

  /** A turn of a session. */
  public GenerationRequest withSession(SessionPages pages) {
    return new GenerationRequest(
        id,
        promptIds,
        committedIds,
        sampling,
        mode,
        priority,
        deadlineEpochMillis,
        traceTree,
        pages);
  }

  /** A request with no history, no deadline and the engine's default policy. */
  public static GenerationRequest of(String id, int[] promptIds, SamplingParams sampling) {
    return new GenerationRequest(
        id, promptIds, new int[0], sampling, null, 0, Long.MAX_VALUE, false);
  }
}
