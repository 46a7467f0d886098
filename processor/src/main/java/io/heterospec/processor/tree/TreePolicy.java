package io.heterospec.processor.tree;

/**
 * Decides how much to draft and to verify in a cycle. Implementations are immutable and may be
 * shared by sequences and threads.
 */
public interface TreePolicy {

  /** Name that requests, telemetry and the command line use. */
  String name();

  /** Whether a cycle drafts at all; without drafts a cycle verifies the root alone. */
  boolean drafts();

  /** The tree drafted before {@link #assess}; {@link TreeShape#NONE} without drafts. */
  TreeShape shape();

  /**
   * Called once in a cycle, when the tree has reached the shape's depth.
   *
   * @param tree the candidates; not modified
   */
  Assessment assess(DraftTree tree);

  /** The most levels that it drafts. */
  default int mostLevels() {
    return shape().depth();
  }

  /** Candidates to verify of a tree that the remaining length keeps below the shape's depth. */
  default int unassessedNodes() {
    return shape().nodes();
  }

  /**
   * What to do with a cycle's tree.
   *
   * @param entropy cumulative meta-path entropy in nats; NaN when nothing was drafted
   * @param bin entropy bin, -1 when the policy uses none
   * @param extraDepth further levels to draft, 0 or more
   * @param verify candidates to verify after that, the root not counted
   */
  record Assessment(double entropy, int bin, int extraDepth, int verify) {}
}
