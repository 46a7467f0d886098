package io.heterospec.processor.engine;

/** The results of sequences that are over. */
final class SequenceResult {
  private static final String ENGINE_ERROR = "ENGINE_ERROR";

  private SequenceResult() {}

  static GenerationResult of(Sequence sequence, FinishReason reason) {
    return result(sequence, reason, null, null, false);
  }

  static GenerationResult failed(Sequence sequence, Throwable cause) {
    // The class is enough: libtorch's messages run over many lines.
    String message = "the engine failed while decoding (" + cause.getClass().getSimpleName() + ")";
    return result(sequence, FinishReason.FAILED, ENGINE_ERROR, message, mayPass(cause));
  }

  /** Of an engine that is dead: another can go on with it. */
  static GenerationResult lost(Sequence sequence, Throwable cause) {
    String message = "the engine died while decoding (" + cause.getClass().getSimpleName() + ")";
    return result(sequence, FinishReason.FAILED, GenerationResult.ENGINE_LOST, message, true);
  }

  // The device, its memory and the engine's state may be better next time. A request that the code
  // has no answer to has none the next time either.
  private static boolean mayPass(Throwable cause) {
    return !(cause instanceof IllegalArgumentException
        || cause instanceof IndexOutOfBoundsException
        || cause instanceof ArithmeticException
        || cause instanceof UnsupportedOperationException);
  }

  private static GenerationResult result(
      Sequence sequence,
      FinishReason reason,
      String errorCode,
      String errorMessage,
      boolean retryable) {
    String tail = sequence.text.flush();
    long admitted = sequence.admittedNanos == 0 ? System.nanoTime() : sequence.admittedNanos;
    long now = System.nanoTime();
    long sinceAdmission = now - admitted;
    return new GenerationResult(
        sequence.request.id(),
        reason,
        errorCode,
        errorMessage,
        retryable,
        sequence.generated(),
        sequence.text.text(),
        tail,
        sequence.request.promptIds().length,
        sequence.cachedTokens(),
        sequence.cacheTier(),
        sequence.targetCalls,
        sequence.verifiedTokens,
        sequence.draftedTokens,
        sequence.acceptedTokens,
        admitted - sequence.submittedNanos,
        sequence.prefilledNanos == 0 ? sinceAdmission : sequence.prefilledNanos - admitted,
        sequence.prefilledNanos == 0 ? 0 : now - sequence.prefilledNanos,
        sequence.secondsPerToken(now));
  }
}
