package io.heterospec.processor.engine;

/** How much a sequence's tokens count against those of others when the budget is spent. */
final class Urgency {
  private static final int MOST_PRIORITY = 4;
  private static final double PRIORITY_STEP = 1.25;
  private static final double LATE = 2;

  private Urgency() {}

  /** 1 for the usual; more for a high priority or a deadline that plain progress would miss. */
  static double of(Sequence sequence, long nowMillis) {
    int priority = sequence.request.priority();
    double weight =
        Math.pow(PRIORITY_STEP, Math.max(-MOST_PRIORITY, Math.min(MOST_PRIORITY, priority)));
    long deadline = sequence.request.deadlineEpochMillis();
    if (deadline != Long.MAX_VALUE) {
      double seconds = sequence.secondsPerToken(System.nanoTime());
      // Not a number, and so not late, before its second cycle.
      boolean late = nowMillis + 1e3 * seconds * sequence.text.remaining() > deadline;
      weight *= late ? LATE : 1;
    }
    return weight;
  }
}
