package io.heterospec.processor.model;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;

/** A context and a random tree below its end; row 0 of the tree is the root. */
record RandomTree(int context, int size, int[] ids, int[] parent, int[] positions) {

  static RandomTree of(Random random, int context, int size) {
    int[] parent = new int[size];
    int[] positions = new int[context + size];
    for (int i = 0; i < context; i++) {
      positions[i] = i;
    }
    parent[0] = -1;
    positions[context] = context;
    for (int row = 1; row < size; row++) {
      parent[row] = random.nextInt(row);
      positions[context + row] = positions[context + parent[row]] + 1;
    }
    int[] ids = random.ints(context + size, 0, 61).toArray();
    return new RandomTree(context, size, ids, parent, positions);
  }

  /** Whether token {@code t} of context and tree attends to token {@code s}. */
  boolean sees(int t, int s) {
    if (t < context || s < context) {
      return s <= t;
    }
    for (int row = t - context; row >= 0; row = parent[row]) {
      if (row == s - context) {
        return true;
      }
    }
    return false;
  }

  long[] rows() {
    long[] rows = new long[2 * size];
    for (int row = 0; row < size; row++) {
      rows[row] = ids[context + row];
      rows[size + row] = positions[context + row];
    }
    return rows;
  }

  float[] mask() {
    float[] mask = new float[size * size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        mask[i * size + j] = sees(context + i, context + j) ? 0 : Float.NEGATIVE_INFINITY;
      }
    }
    return mask;
  }

  int deepest() {
    int best = 0;
    for (int row = 1; row < size; row++) {
      if (positions[context + row] > positions[context + best]) {
        best = row;
      }
    }
    return best;
  }

  int[] pathTo(int row) {
    Deque<Integer> path = new ArrayDeque<>();
    for (int at = row; at >= 0; at = parent[at]) {
      path.addFirst(at);
    }
    return path.stream().mapToInt(Integer::intValue).toArray();
  }
}
