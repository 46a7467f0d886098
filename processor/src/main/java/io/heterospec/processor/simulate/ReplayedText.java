package io.heterospec.processor.simulate;

import java.util.List;

/**
 * What decoding a text came to.
 *
 * @param category of its prompt
 * @param tokens of the text
 * @param targetCalls passes of the target
 * @param verifiedTokens rows of those passes
 * @param ms its share of the time of all cycles it took part in, of its prompt only the last
 *     token's
 */
public record ReplayedText(
    String category, long tokens, long targetCalls, long verifiedTokens, double ms) {

  /** Several texts as one. */
  public static ReplayedText sum(String category, List<ReplayedText> texts) {
    return new ReplayedText(
        category,
        texts.stream().mapToLong(ReplayedText::tokens).sum(),
        texts.stream().mapToLong(ReplayedText::targetCalls).sum(),
        texts.stream().mapToLong(ReplayedText::verifiedTokens).sum(),
        texts.stream().mapToDouble(ReplayedText::ms).sum());
  }

  public double tokensPerMs() {
    return tokens / ms;
  }

  public double verifiedPerToken() {
    return (double) verifiedTokens / tokens;
  }

  public double acceptanceLength() {
    return (double) tokens / targetCalls;
  }
}
