package io.heterospec.processor.tree;

/**
 * Isotonic regression by pooling adjacent violators (Barlow et al. 1972): the descending sequence
 * that is nearest in weighted squares.
 */
final class Isotonic {
  private Isotonic() {}

  /** Replaces values by their descending regression. */
  static void makeDescending(double[] values, double[] weights) {
    int n = values.length;
    double[] level = new double[n];
    double[] mass = new double[n];
    int[] size = new int[n];
    int blocks = 0;
    for (int i = 0; i < n; i++) {
      level[blocks] = values[i];
      mass[blocks] = weights[i];
      size[blocks++] = 1;
      while (blocks > 1 && level[blocks - 2] < level[blocks - 1]) {
        int into = blocks - 2;
        double sum = mass[into] + mass[into + 1];
        level[into] = (level[into] * mass[into] + level[into + 1] * mass[into + 1]) / sum;
        mass[into] = sum;
        size[into] += size[into + 1];
        blocks--;
      }
    }
    int at = 0;
    for (int block = 0; block < blocks; block++) {
      for (int i = 0; i < size[block]; i++) {
        values[at++] = level[block];
      }
    }
  }
}
