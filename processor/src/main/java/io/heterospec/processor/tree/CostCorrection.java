package io.heterospec.processor.tree;

/**
 * How far cycles are from what a {@link CostTable} says, learned while decoding. What slows the
 * whole machine does so for all passes and does not change what pays; of account is how much
 * further off drafts and passes over trees are than plain passes, because the table was measured in
 * a disturbed moment or for another context length. Belongs to one thread.
 */
final class CostCorrection {
  // The machine's speed changes within cycles, errors of the table do not.
  private static final double COMMON_STEP = 0.2;
  private static final double RELATIVE_STEP = 0.1;
  // Of one observation: a pause of the machine says nothing.
  private static final double MOST = 1.5;

  // Passes over trees after which a plain pass is due, without which the two cannot be compared.
  private static final int COMPARISON = 64;

  private int treePasses;
  private double common = 1;
  private double draft = 1;
  private double tree = 1;

  /** What drafting costs, as a multiple of the table where plain passes cost what it says. */
  double draft() {
    return draft;
  }

  /** The same of passes over trees. */
  double tree() {
    return tree;
  }

  /** Whether a cycle should draft nothing so that plain passes and others can be compared. */
  boolean needsPlainPass() {
    return treePasses >= COMPARISON;
  }

  void plainPass(double expectedMs, double ms) {
    treePasses = 0;
    common *= step(ms / expectedMs / common, COMMON_STEP);
  }

  void treePass(double expectedMs, double ms) {
    treePasses++;
    double residual = ms / expectedMs / common / tree;
    common *= step(residual, COMMON_STEP);
    tree *= step(residual, RELATIVE_STEP);
  }

  void drafting(double expectedMs, double ms) {
    draft *= step(ms / expectedMs / common / draft, RELATIVE_STEP);
  }

  private static double step(double residual, double share) {
    return Math.pow(Math.max(1 / MOST, Math.min(MOST, residual)), share);
  }
}
