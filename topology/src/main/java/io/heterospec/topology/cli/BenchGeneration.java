package io.heterospec.topology.cli;

/**
 * One generation as it was measured.
 *
 * @param tokenIds every token of the answer
 * @param targetCalls decoding passes of the target
 * @param verifiedTokens rows of those passes
 * @param cyclesByAccepted cycles by their number of accepted draft tokens
 * @param heldNanos from submission to the end
 * @param msToFirstToken from submission to the first step
 * @param msPerToken for each token of the later steps: the time since the step before, divided by
 *     the step's tokens
 */
record BenchGeneration(
    BenchPrompt prompt,
    int[] tokenIds,
    long targetCalls,
    long verifiedTokens,
    long[] cyclesByAccepted,
    long heldNanos,
    double msToFirstToken,
    double[] msPerToken) {

  /**
   * Milliseconds per token after those of the first step, over the whole generation: what vLLM's
   * benchmark calls TPOT. NaN for an answer that the first step ended.
   *
   * <p>Where a draft was rejected the next token comes late, and where one was accepted several
   * come at once; a reader of a stream notices this mean, and {@link #msPerToken} has each step's.
   */
  double msPerOutputToken() {
    return msPerToken.length == 0
        ? Double.NaN
        : (heldNanos / 1e6 - msToFirstToken) / msPerToken.length;
  }
}
