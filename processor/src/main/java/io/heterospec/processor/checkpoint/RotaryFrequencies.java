package io.heterospec.processor.checkpoint;

/**
 * Inverse frequencies of rotary position embeddings. The rules of llama3 and yarn are those of
 * Hugging Face's {@code modeling_rope_utils.py}.
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
      frequencies[i] = Math.pow(theta, -2.0 * i / headDim);
    }
    if (scaling != null) {
      for (int i = 0; i < frequencies.length; i++) {
        double kept = kept(frequencies[i], i, headDim, theta, scaling);
        frequencies[i] = kept * frequencies[i] + (1 - kept) * frequencies[i] / scaling.factor();
      }
    }
    return frequencies;
  }

  // Share of a frequency that stays as it is; the rest is divided by the factor.
  private static double kept(
      double frequency, int pair, int headDim, double theta, RopeScaling scaling) {
    return switch (scaling.type()) {
      case RopeScaling.LLAMA3 -> {
        double rotations = scaling.originalMaxPosition() * frequency / (2 * Math.PI);
        yield clamp(
            (rotations - scaling.lowFreqFactor())
                / (scaling.highFreqFactor() - scaling.lowFreqFactor()));
      }
      case RopeScaling.YARN -> {
        double first = pairWith(scaling.highFreqFactor(), headDim, theta, scaling);
        double last = pairWith(scaling.lowFreqFactor(), headDim, theta, scaling);
        if (scaling.truncate()) {
          first = Math.floor(first);
          last = Math.ceil(last);
        }
        first = Math.max(first, 0);
        last = Math.min(last, headDim - 1);
        yield 1 - clamp((pair - first) / (first == last ? 0.001 : last - first));
      }
      default -> 0;
    };
  }

  // The pair of dimensions, not a whole number, that rotates so often within the original length.
  private static double pairWith(double rotations, int headDim, double theta, RopeScaling scaling) {
    return headDim
        * Math.log(scaling.originalMaxPosition() / (rotations * 2 * Math.PI))
        / (2 * Math.log(theta));
  }

  private static double clamp(double share) {
    return Math.max(0, Math.min(1, share));
  }
}
