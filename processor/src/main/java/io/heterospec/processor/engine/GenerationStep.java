package io.heterospec.processor.engine;

/**
 * What one cycle added to a generation.
 *
 * @param requestId the request
 * @param tokenOffset index of the first of {@code tokenIds} in the generation, committed tokens
 *     counted
 * @param tokenIds new tokens, at least one
 * @param text text that became certain; it may lag behind the tokens by a partial UTF-8 character
 *     or a possible stop sequence, and may be empty
 * @param tokenChars of {@code text}, the UTF-16 characters that became certain with each of {@code
 *     tokenIds}
 * @param cycle telemetry
 */
public record GenerationStep(
    String requestId,
    int tokenOffset,
    int[] tokenIds,
    String text,
    int[] tokenChars,
    CycleReport cycle) {}
