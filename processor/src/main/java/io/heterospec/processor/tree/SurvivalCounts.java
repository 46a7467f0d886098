package io.heterospec.processor.tree;

import java.util.Arrays;

/**
 * How often draft nodes were accepted, as seen over many cycles: the raw material of survival
 * probabilities. A node survives when it and all its ancestors are accepted.
 *
 * @param seen nodes by entropy bin and bucket of path confidence
 * @param survived those that survived
 * @param expanded by entropy bin: accepted nodes (the root counts as one) that had children
 * @param continued by entropy bin and rank of a child among its siblings: how often that child
 *     carried the token that came next
 */
public record SurvivalCounts(
    double[][] seen, double[][] survived, double[] expanded, double[][] continued) {
  /** Buckets of path confidence: half octaves, the first (0.71, 1], the last for all below. */
  public static final int BUCKETS = 16;

  private static final double PER_OCTAVE = 2;

  /** No observation yet. */
  public static SurvivalCounts empty(int bins, int topK) {
    return new SurvivalCounts(
        new double[bins][BUCKETS],
        new double[bins][BUCKETS],
        new double[bins],
        new double[bins][topK]);
  }

  /** Whether these counts fit bins and trees of this size. */
  public boolean fits(int bins, int topK) {
    return seen.length == bins
        && survived.length == bins
        && expanded.length == bins
        && continued.length == bins
        && Arrays.stream(seen).allMatch(line -> line.length == BUCKETS)
        && Arrays.stream(survived).allMatch(line -> line.length == BUCKETS)
        && Arrays.stream(continued).allMatch(line -> line.length == topK);
  }

  /** Place of a path confidence on the scale of buckets, from 0. */
  static double scale(double logConfidence) {
    return -logConfidence / Math.log(2) * PER_OCTAVE;
  }

  static int bucket(double logConfidence) {
    return (int) Math.min(BUCKETS - 1, scale(logConfidence));
  }

  /** Confidence in the middle of a bucket. */
  static double centre(int bucket) {
    return Math.pow(2, -(bucket + 0.5) / PER_OCTAVE);
  }

  void node(int bin, double logConfidence, boolean survives) {
    int bucket = bucket(logConfidence);
    seen[bin][bucket]++;
    survived[bin][bucket] += survives ? 1 : 0;
  }

  /**
   * @param rank of the child that carried the next token, -1 when none did
   */
  void continuation(int bin, int rank) {
    expanded[bin]++;
    if (rank >= 0) {
      continued[bin][rank]++;
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SurvivalCounts that
        && Arrays.deepEquals(seen, that.seen)
        && Arrays.deepEquals(survived, that.survived)
        && Arrays.equals(expanded, that.expanded)
        && Arrays.deepEquals(continued, that.continued);
  }

  @Override
  public int hashCode() {
    return Arrays.deepHashCode(survived);
  }
}
