package io.heterospec.processor.tree;

import java.util.function.IntUnaryOperator;

/**
 * The walk through a verified tree along the tokens that the target itself chooses.
 *
 * @param rows rows of the path, the root's (0) first; entries beyond {@code accepted} mean nothing
 * @param accepted accepted nodes
 * @param bonus the target's own token after the last of them
 */
public record AcceptedPath(int[] rows, int accepted, int bonus) {

  /**
   * @param next the target's token after each row
   */
  public static AcceptedPath of(VerifyTree tree, IntUnaryOperator next) {
    int[] path = new int[tree.rows()];
    int accepted = 0;
    int row = 0;
    while (true) {
      int token = next.applyAsInt(row);
      row = tree.child(row, token);
      if (row < 0) {
        return new AcceptedPath(path, accepted, token);
      }
      path[++accepted] = row;
    }
  }

  /** Whether a node's row is on the path. */
  public boolean reached(int row) {
    for (int i = 1; i <= accepted; i++) {
      if (rows[i] == row) {
        return true;
      }
    }
    return false;
  }
}
