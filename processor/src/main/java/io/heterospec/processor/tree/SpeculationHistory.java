package io.heterospec.processor.tree;

/**
 * How well one sequence was drafted lately, which is all that is known of it before a cycle drafts.
 * A sequence that is not drafted is tried again from time to time, ever more rarely while it does
 * not pay. Belongs to one thread.
 */
public final class SpeculationHistory {
  /** Cycles after which an old observation weighs 1/e. */
  private static final double MEMORY = 12;

  /** Observations that the average of all sequences is worth. */
  private static final double PRIOR = 3;

  private static final int FIRST_TRIAL = 32;
  private static final int LAST_TRIAL = 256;

  private double drafts;
  private double hits;
  private int idle;
  private int trial = FIRST_TRIAL;

  /**
   * Chance that the best child of the root is accepted.
   *
   * @param average over all sequences
   */
  double firstChild(double average) {
    return (hits + PRIOR * average) / (drafts + PRIOR);
  }

  /** Whether it is time to draft although it does not seem to pay. */
  boolean isTrial() {
    return idle >= trial;
  }

  /** Nothing was drafted in a cycle. */
  void idle() {
    idle++;
  }

  /** Drafting began, as a trial or because it pays. */
  void drafted(boolean asTrial) {
    idle = 0;
    trial = asTrial ? Math.min(2 * trial, LAST_TRIAL) : FIRST_TRIAL;
  }

  void learn(boolean hit) {
    double keep = 1 - 1 / MEMORY;
    drafts = keep * drafts + 1;
    hits = keep * hits + (hit ? 1 : 0);
  }
}
