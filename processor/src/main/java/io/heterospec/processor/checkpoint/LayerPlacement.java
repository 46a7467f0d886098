package io.heterospec.processor.checkpoint;

import java.util.Arrays;

/**
 * Where the layers of a model stand among those of a deeper one, so that the draft head's taps, the
 * inputs of layers {@code 2}, {@code L/2} and {@code L-3}, hold the same values in both.
 */
final class LayerPlacement {
  /** Stands for a layer that changes nothing. */
  static final int IDENTITY = -1;

  private LayerPlacement() {}

  /** Whether {@code layers} can stand among {@code deeper} ones. */
  static boolean isPossible(int layers, int deeper) {
    int[] from = marks(layers);
    int[] to = marks(deeper);
    for (int i = 1; i < from.length; i++) {
      if (from[i] - from[i - 1] > to[i] - to[i - 1]) {
        return false;
      }
    }
    return true;
  }

  /**
   * The old layer that each of the {@code deeper} ones is, or {@link #IDENTITY}; the old ones keep
   * their order.
   */
  static int[] of(int layers, int deeper) {
    int[] from = marks(layers);
    int[] to = marks(deeper);
    int[] origins = new int[deeper];
    Arrays.fill(origins, IDENTITY);
    for (int i = 1; i < from.length; i++) {
      for (int layer = from[i - 1]; layer < from[i]; layer++) {
        origins[to[i - 1] + layer - from[i - 1]] = layer;
      }
    }
    return origins;
  }

  // A tap is met again where as many old layers lie before it as before: all that matters is how
  // many fit between two taps, or a tap and an end. In small models the taps are out of order.
  private static int[] marks(int layers) {
    int[] marks = {0, 2, layers / 2, layers - 3, layers};
    Arrays.sort(marks);
    return marks;
  }
}
