package io.heterospec.processor.tree;

/**
 * How well one sequence was drafted lately, which is all that is known of it before a cycle drafts.
 * A sequence that is not drafted is tried again from time to time, ever more rarely while it does
 * not pay. Belongs to one thread.
 */
public final class SpeculationHistory {
  private final BudgetOptions options;
  private double drafts;
  private double hits;
  private int idle;
  private int trial;

  /** A history with the default constants. */
  public SpeculationHistory() {
    this(BudgetOptions.defaults());
  }

  SpeculationHistory(BudgetOptions options) {
    this.options = options;
    this.trial = options.firstTrial();
  }

  /**
   * Chance that the best child of the root is accepted.
   *
   * @param average over all sequences
   */
  double firstChild(double average) {
    double prior = options.historyPrior();
    return (hits + prior * average) / (drafts + prior);
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
    trial = asTrial ? Math.min(2 * trial, options.lastTrial()) : options.firstTrial();
  }

  void learn(boolean hit) {
    double keep = 1 - 1 / options.historyMemory();
    drafts = keep * drafts + 1;
    hits = keep * hits + (hit ? 1 : 0);
  }
}
