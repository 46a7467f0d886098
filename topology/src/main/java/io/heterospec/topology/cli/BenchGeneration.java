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
    double[] msPerToken) {}
