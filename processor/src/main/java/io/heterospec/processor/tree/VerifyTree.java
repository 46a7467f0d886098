package io.heterospec.processor.tree;

import java.util.Arrays;
import java.util.Objects;

/**
 * The part of a draft tree that the target verifies: row 0 is the root, rows 1… are the most
 * confident candidates in ascending node order, so a parent's row is below its children's.
 *
 * <p>The best {@code n} of all candidates always form a subtree, because confidence never grows
 * along a path and ties go to the lower index. The content stays valid until the draft tree or this
 * object is used for the next cycle. Not safe for use by several threads.
 */
public final class VerifyTree {
  private final TopNodes best = new TopNodes();
  private int[] rowOf = new int[0];
  private int[] rankOf = new int[0];
  private int[] node = new int[1];
  private int[] token = new int[1];
  private int[] parentRow = new int[1];
  private int[] depth = new int[1];
  private int candidates;
  private int rows = 1;

  /**
   * Selects the {@code n} candidates with the highest confidence (ties: lower index), or all when
   * there are fewer.
   */
  public void select(DraftTree tree, int n) {
    if (n < 0) {
      throw new IllegalArgumentException("cannot verify " + n + " candidates; use 0 or more");
    }
    candidates = tree.size();
    int selected = Math.min(n, candidates);
    rows = 1 + selected;
    ensureCapacity();
    best.reset(selected);
    for (int i = 0; i < candidates; i++) {
      best.offer(i, tree.logConfidence(i));
    }
    Arrays.fill(rankOf, 0, candidates, -1);
    Arrays.fill(rowOf, 0, candidates, -1);
    for (int rank = 0; rank < selected; rank++) {
      rankOf[best.node(rank)] = rank;
    }
    node[0] = DraftTree.ROOT;
    token[0] = -1;
    parentRow[0] = -1;
    depth[0] = 0;
    int row = 1;
    for (int i = 0; i < candidates; i++) {
      if (rankOf[i] >= 0) {
        int up = tree.parent(i);
        node[row] = i;
        token[row] = tree.token(i);
        parentRow[row] = up == DraftTree.ROOT ? 0 : rowOf[up];
        depth[row] = tree.depth(i);
        rowOf[i] = row++;
      }
    }
  }

  /** Rows of the target pass: the root and the selected candidates. */
  public int rows() {
    return rows;
  }

  /** Node of a row, {@link DraftTree#ROOT} for row 0. */
  public int node(int row) {
    return node[check(row)];
  }

  /** Target-vocabulary id of a row; -1 for row 0, whose token the caller knows. */
  public int token(int row) {
    return token[check(row)];
  }

  /** Row of the parent, 0 for children of the root, -1 for row 0. */
  public int parentRow(int row) {
    return parentRow[check(row)];
  }

  /** Depth of a row, 0 for the root: its position is the root's position plus this. */
  public int depth(int row) {
    return depth[check(row)];
  }

  /** Row of the child of {@code row} that carries {@code token}, -1 when there is none. */
  public int child(int row, int token) {
    check(row);
    for (int i = row + 1; i < rows; i++) {
      if (parentRow[i] == row && this.token[i] == token) {
        return i;
      }
    }
    return -1;
  }

  /** Row of a candidate, -1 when it was not selected. */
  public int rowOf(int node) {
    return rowOf[Objects.checkIndex(node, candidates)];
  }

  /** Rank of a candidate by confidence among the selected, 0 the best; -1 when not selected. */
  public int rankOf(int node) {
    return rankOf[Objects.checkIndex(node, candidates)];
  }

  /** Whether {@code ancestor} is {@code row} itself or lies on its path to the root. */
  public boolean sees(int row, int ancestor) {
    check(ancestor);
    int at = check(row);
    while (at > ancestor) {
      at = parentRow[at];
    }
    return at == ancestor;
  }

  /**
   * Writes the additive attention mask among the rows, {@code rows() × rows()}: 0 where a row sees
   * another (itself, its ancestors, the root), {@code -Infinity} elsewhere. The context before the
   * root is visible to every row and not part of the mask.
   */
  public void writeMask(float[] dst) {
    writeMask(dst, 0, rows);
  }

  /**
   * The same, into a wider matrix.
   *
   * @param offset of the first written value
   * @param stride values from one row to the next, at least {@link #rows()}
   */
  public void writeMask(float[] dst, int offset, int stride) {
    if (stride < rows) {
      throw new IllegalArgumentException(
          "the mask needs a stride of at least " + rows + ", got " + stride);
    }
    for (int row = 0; row < rows; row++) {
      int start = offset + row * stride;
      Arrays.fill(dst, start, start + rows, Float.NEGATIVE_INFINITY);
      for (int up = row; up >= 0; up = parentRow[up]) {
        dst[start + up] = 0;
      }
    }
  }

  /** Writes each row's absolute position: {@code rootPosition} plus its depth. */
  public void writePositions(long[] dst, int offset, long rootPosition) {
    for (int row = 0; row < rows; row++) {
      dst[offset + row] = rootPosition + depth[row];
    }
  }

  private int check(int row) {
    return Objects.checkIndex(row, rows);
  }

  private void ensureCapacity() {
    if (rankOf.length < candidates) {
      rankOf = new int[2 * candidates];
      rowOf = new int[2 * candidates];
    }
    if (node.length < rows) {
      node = new int[2 * rows];
      token = new int[2 * rows];
      parentRow = new int[2 * rows];
      depth = new int[2 * rows];
    }
  }
}
