package io.heterospec.processor.model;

import io.heterospec.processor.checkpoint.RopeScaling;
import io.heterospec.processor.checkpoint.RotaryFrequencies;
import io.heterospec.processor.torch.WeightLoader;
import java.nio.FloatBuffer;

/**
 * Cosines and sines of rotary position embeddings, {@code (positions, 1, headDim)} each. The sine
 * carries the sign of rotate-half: {@code [−sin, sin]}, so that a rotation is {@code x·cos +
 * roll(x)·sin}.
 *
 * @param positions rows
 * @param inverse angle per position of each pair of dimensions
 * @param magnitude what all values are multiplied by
 */
record RotaryTable(int positions, double[] inverse, double magnitude) {

  static RotaryTable of(int positions, int headDim, double theta, RopeScaling scaling) {
    return new RotaryTable(
        positions,
        RotaryFrequencies.inverse(headDim, theta, scaling),
        scaling == null ? 1 : scaling.magnitude());
  }

  void addTo(WeightLoader weights) {
    long headDim = 2L * inverse.length;
    weights
        .addTable(this::putCosines, positions, 1, headDim)
        .addTable(this::putSines, positions, 1, headDim);
  }

  private void putCosines(int position, FloatBuffer into) {
    for (int half = 0; half < 2; half++) {
      for (double frequency : inverse) {
        into.put((float) (Math.cos(position * frequency) * magnitude));
      }
    }
  }

  private void putSines(int position, FloatBuffer into) {
    for (int sign = -1; sign <= 1; sign += 2) {
      for (double frequency : inverse) {
        into.put((float) (Math.sin(position * frequency) * magnitude * sign));
      }
    }
  }
}
