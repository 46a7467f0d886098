package io.heterospec.processor.model;

/**
 * How the target chooses the next token of a row: {@link #GREEDY}, or by temperature, top-k and
 * top-p with the caller's random numbers.
 *
 * @param temperature 0 for greedy
 * @param topK 0 for all
 * @param topP in (0, 1]
 */
public record Sampling(double temperature, int topK, double topP) {
  /** The most probable token. */
  public static final Sampling GREEDY = new Sampling(0, 0, 1);

  /** All that is greedy is the same, so that it is chosen together. */
  public static Sampling of(double temperature, int topK, double topP) {
    return temperature == 0 ? GREEDY : new Sampling(temperature, topK, topP);
  }

  boolean isGreedy() {
    return temperature == 0;
  }
}
