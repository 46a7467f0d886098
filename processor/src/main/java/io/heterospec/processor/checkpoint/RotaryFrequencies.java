package io.heterospec.processor.checkpoint;

/**
 * Inverse frequencies of rotary position embeddings. The llama3 rule is that of Hugging Face's
 * {@code _compute_llama3_parameters}.
 */
public final class RotaryFrequencies {
  private RotaryFrequencies() {}

  /**
   * Angle per position of each pair of dimensions {@code (i, i + headDim/2)}.
   *
   * @param headDim dimensions of a head, even
   * @param theta base
   * @param scaling stretch, or null
   * @return {@code (headDim/2)} values in radians per token
   */
  public static double[] inverse(int headDim, double theta, RopeScaling scaling) {
    double[] frequencies = new double[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double plain = Math.pow(theta, -2.0 * i / headDim);
      frequencies[i] = scaling == null ? plain : scaled(plain, scaling);
    }
    return frequencies;
  }

  private static double scaled(double frequency, RopeScaling scaling) {
    double stretched = frequency / scaling.factor();
    if (scaling.type().equals(RopeScaling.LINEAR)) {
      return stretched;
    }
    double original = scaling.originalMaxPosition();
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength > original / scaling.lowFreqFactor()) {
      return stretched;
    }
    if (wavelength < original / scaling.highFreqFactor()) {
      return frequency;
    }
    double smooth =
        (original / wavelength - scaling.lowFreqFactor())
            / (scaling.highFreqFactor() - scaling.lowFreqFactor());
    return (1 - smooth) * stretched + smooth * frequency;
  }
}
