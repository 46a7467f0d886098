package io.heterospec.processor.tree;

import java.util.Arrays;

/**
 * Hyper-parameters of HeteroSpec.
 *
 * @param alpha further levels drafted in the lowest entropy bin; one fewer in each bin above
 * @param gamma shares of the shape's nodes verified in the lowest bins, one for each adapted bin
 */
public record HeteroSpecOptions(int alpha, double[] gamma) {

  /**
   * @throws IllegalArgumentException naming the value and its legal range
   */
  public HeteroSpecOptions {
    if (alpha < 0 || alpha > TreeShape.MAX_DEPTH) {
      throw new IllegalArgumentException(
          "heterospec alpha must be between 0 and " + TreeShape.MAX_DEPTH + ", got " + alpha);
    }
    gamma = gamma.clone();
    for (double share : gamma) {
      if (!(share > 0 && share <= 1)) { // written so that NaN fails
        throw new IllegalArgumentException("heterospec gamma must be in (0, 1], got " + share);
      }
    }
  }

  /** The paper's best setting: α = ⌈depth/2⌉ and γ = 0.3, 0.6, 1.0. */
  public static HeteroSpecOptions paperDefaults(TreeShape shape) {
    return new HeteroSpecOptions((shape.depth() + 1) / 2, new double[] {0.3, 0.6, 1.0});
  }

  @Override
  public double[] gamma() {
    return gamma.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HeteroSpecOptions that
        && alpha == that.alpha
        && Arrays.equals(gamma, that.gamma);
  }

  @Override
  public int hashCode() {
    return 31 * alpha + Arrays.hashCode(gamma);
  }

  @Override
  public String toString() {
    return "HeteroSpecOptions[alpha=" + alpha + ", gamma=" + Arrays.toString(gamma) + "]";
  }
}
