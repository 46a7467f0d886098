package io.heterospec.processor.model;

import io.heterospec.processor.checkpoint.RopeScaling;
import io.heterospec.processor.checkpoint.RotaryFrequencies;
import io.heterospec.processor.torch.WeightLoader;

/**
 * Cosines and sines of rotary position embeddings, {@code (positions, headDim)} each. The sine
 * carries the sign of rotate-half: {@code [−sin, sin]}, so that a rotation is {@code x·cos +
 * roll(x)·sin}.
 *
 * @param cos row by row
 * @param sin row by row
 */
record RotaryTable(int positions, int headDim, float[] cos, float[] sin) {

  static RotaryTable of(int positions, int headDim, double theta, RopeScaling scaling) {
    double[] inverse = RotaryFrequencies.inverse(headDim, theta, scaling);
    int half = headDim / 2;
    float[] cos = new float[Math.multiplyExact(positions, headDim)];
    float[] sin = new float[cos.length];
    for (int position = 0; position < positions; position++) {
      int row = position * headDim;
      for (int i = 0; i < half; i++) {
        double angle = position * inverse[i];
        cos[row + i] = (float) Math.cos(angle);
        cos[row + half + i] = cos[row + i];
        sin[row + half + i] = (float) Math.sin(angle);
        sin[row + i] = -sin[row + half + i];
      }
    }
    return new RotaryTable(positions, headDim, cos, sin);
  }

  void addTo(WeightLoader weights) {
    weights.addTable(cos, positions, 1, headDim).addTable(sin, positions, 1, headDim);
  }
}
