package io.heterospec.processor.engine;

import java.util.List;

/**
 * How tokens are chosen.
 *
 * @param maxTokens upper bound on generated tokens, at least 1
 * @param temperature 0 for greedy decoding, otherwise the divisor of the logits
 * @param topK keep only the k most probable tokens; 0 keeps all
 * @param topP keep the smallest set of tokens whose probability reaches this, in (0, 1]
 * @param seed together with a token's absolute position it decides the random number of that token
 * @param stop texts that end the generation; they are not part of its text
 * @param ignoreEos keep generating after an end-of-sequence token (benchmarks)
 */
public record SamplingParams(
    int maxTokens,
    double temperature,
    int topK,
    double topP,
    long seed,
    List<String> stop,
    boolean ignoreEos) {

  /** The most stop sequences one request may name. */
  public static final int MAX_STOP_SEQUENCES = 16;

  /**
   * @throws IllegalArgumentException naming the field and its legal range
   */
  public SamplingParams {
    stop = List.copyOf(stop);
    require(maxTokens >= 1, "max_tokens must be at least 1, got " + maxTokens);
    require(
        temperature >= 0 && temperature <= 100,
        "temperature must be between 0 and 100, got " + temperature);
    require(topK >= 0, "top_k must be 0 (off) or positive, got " + topK);
    require(topP > 0 && topP <= 1, "top_p must be in (0, 1], got " + topP);
    require(
        stop.size() <= MAX_STOP_SEQUENCES,
        "stop must name at most " + MAX_STOP_SEQUENCES + " sequences, got " + stop.size());
    require(stop.stream().noneMatch(String::isEmpty), "stop must not contain an empty sequence");
  }

  /** Greedy decoding of at most {@code maxTokens} tokens. */
  public static SamplingParams greedy(int maxTokens) {
    return new SamplingParams(maxTokens, 0, 0, 1, 0, List.of(), false);
  }

  /** Whether every token is the most probable one. */
  public boolean isGreedy() {
    return temperature == 0;
  }

  // Written so that NaN fails every range check.
  private static void require(boolean valid, String message) {
    if (!valid) {
      throw new IllegalArgumentException(message);
    }
  }
}
