package io.heterospec.processor.tree;

/**
 * By how much drafts bring more or less than the {@link Outlook} promised before anything was
 * drafted: tokens, less what their time is worth, for each sequence drafted for. A running mean
 * over cycles, which is slowly forgotten while nothing is drafted: nothing else would ever show
 * that drafts have become better. Belongs to one thread.
 */
final class OutlookBias {
  // With shorter memories drafting comes and goes with luck; longer ones lose more until they know.
  private static final double STEP = 0.03;
  private static final double KEPT = 1 - 1 / 1024.0;

  private double tokens;

  /** Tokens to add to what the outlook promises for each sequence. */
  double tokens() {
    return tokens;
  }

  /**
   * A cycle drafted for sequences because it was promised to pay.
   *
   * @param came tokens it brings, less what its time is worth
   * @param promised the same as the outlook had it
   */
  void drafted(double came, double promised, int sequences) {
    tokens += STEP * ((came - promised) / sequences - tokens);
  }

  /** A cycle did not. */
  void idle() {
    tokens *= KEPT;
  }
}
