package io.heterospec.processor.tree;

/**
 * How far cycles are from what a {@link CostTable} says, learned while decoding. What slows the
 * whole machine does so for all passes and does not change what pays; of account is how much
 * further off drafts and passes over trees are than plain passes, because the table was measured in
 * a disturbed moment, for another context length, or without what surrounds a pass.
 *
 * <p>The three are told apart by a Kalman filter over their logarithms: the machine's speed drifts
 * from cycle to cycle, the two ratios hardly do, and a pass shows the sum of those that bear on it.
 * So many passes over trees leave open whether the machine or trees are slow, and the plain pass
 * that follows decides it. What a ratio was off is slowly forgotten: drafts that were slow once,
 * because the process had just begun, are not tried again before, and nothing else would correct
 * it.
 *
 * <p>A correction is for passes of about as many sequences: what fits the caches of the processor
 * for one may not for sixteen. Belongs to one thread.
 */
final class CostCorrection {
  private static final int MACHINE = 0;
  private static final int DRAFT = 1;
  private static final int TREE = 2;
  private static final int STATES = 3;

  // Variances of logarithms: how much the table may be off, how much the machine's speed changes
  // from one pass to the next, how much passes scatter.
  private static final double UNKNOWN = 0.3 * 0.3;
  private static final double DRIFT = 0.03 * 0.03;
  private static final double SCATTER = 0.1 * 0.1;

  // Of a ratio's logarithm, from one pass to the next: half of it is forgotten in 2,800 (an
  // Ornstein-Uhlenbeck process around the table).
  private static final double KEPT = 1 - 1 / 4096.0;

  // Of one observation: a pause of the machine says nothing.
  private static final double MOST = Math.log(1.5);

  // A plain pass is due after so many passes over trees, after a few while their cost is uncertain.
  private static final int COMPARISON = 64;
  private static final int FIRST_COMPARISON = 4;
  private static final double UNCERTAIN = 0.08 * 0.08;

  private final double[] logs = new double[STATES];
  private final double[][] covariance = new double[STATES][STATES];
  private int treePasses; // since the last plain one

  CostCorrection() {
    for (int i = 0; i < STATES; i++) {
      covariance[i][i] = UNKNOWN;
    }
  }

  /** What drafting costs, as a multiple of the table where plain passes cost what it says. */
  double draft() {
    return Math.exp(logs[DRAFT]);
  }

  /** The same of passes over trees. */
  double tree() {
    return Math.exp(logs[TREE]);
  }

  /** Whether a cycle should draft nothing so that plain passes and others can be compared. */
  boolean needsPlainPass() {
    return treePasses >= COMPARISON
        || treePasses >= FIRST_COMPARISON && covariance[TREE][TREE] > UNCERTAIN;
  }

  void plainPass(double expectedMs, double ms) {
    treePasses = 0;
    observe(MACHINE, expectedMs, ms);
  }

  void treePass(double expectedMs, double ms) {
    treePasses++;
    observe(TREE, expectedMs, ms);
  }

  void drafting(double expectedMs, double ms) {
    observe(DRAFT, expectedMs, ms);
  }

  // What was seen is the machine's logarithm and, but for plain passes, that of a ratio.
  private void observe(int ratio, double expectedMs, double ms) {
    covariance[MACHINE][MACHINE] += DRIFT;
    forget(DRAFT);
    forget(TREE);
    double[] shared = new double[STATES]; // covariance of each state with what is seen
    for (int i = 0; i < STATES; i++) {
      shared[i] = covariance[i][MACHINE] + (ratio == MACHINE ? 0 : covariance[i][ratio]);
    }
    double expectedLog = logs[MACHINE] + (ratio == MACHINE ? 0 : logs[ratio]);
    double variance = shared[MACHINE] + (ratio == MACHINE ? 0 : shared[ratio]) + SCATTER;
    double surprise = Math.log(ms / expectedMs) - expectedLog;
    double counted = Math.max(-MOST, Math.min(MOST, surprise));
    for (int i = 0; i < STATES; i++) {
      logs[i] += shared[i] / variance * counted;
      for (int j = 0; j < STATES; j++) {
        covariance[i][j] -= shared[i] * shared[j] / variance;
      }
    }
  }

  private void forget(int ratio) {
    logs[ratio] *= KEPT;
    for (int i = 0; i < STATES; i++) {
      covariance[ratio][i] *= KEPT;
      covariance[i][ratio] *= KEPT;
    }
    covariance[ratio][ratio] += (1 - KEPT * KEPT) * UNKNOWN;
  }
}
