package io.heterospec.processor.tree;

import java.util.Arrays;

/**
 * HeteroSpec (arXiv 2505.13254): cycles of low meta-path entropy draft deeper and verify fewer
 * candidates; the others behave as EAGLE-3.
 *
 * <p>In bin {@code i} below the number of {@code γ} values it drafts {@code α − i} further levels
 * and verifies {@code round(γ_i·N) + (α − i)} candidates, at least one; {@code α − i} counts as 0
 * where it would be negative. The highest bin has no upper end, so it is never adapted: this
 * matters only where the data gave fewer bins than the paper's eight.
 */
public final class HeteroSpecPolicy implements TreePolicy {
  /** Name of this policy. */
  public static final String NAME = "heterospec";

  private final TreeShape shape;
  private final EntropyBins bins;
  private final int[] extraDepth;
  private final int[] verify;

  /**
   * @throws IllegalArgumentException when the bins were made for another tree shape, or the shape
   *     drafts nothing
   */
  public HeteroSpecPolicy(TreeShape shape, EntropyBins bins, HeteroSpecOptions options) {
    if (shape.isNone()) {
      throw new IllegalArgumentException(
          "heterospec needs a tree shape; use vanilla to draft nothing");
    }
    bins.requireFits(shape);
    this.shape = shape;
    this.bins = bins;
    double[] gamma = options.gamma();
    extraDepth = new int[bins.count()];
    verify = new int[bins.count()];
    for (int i = 0; i < verify.length; i++) {
      boolean adapted = i < gamma.length && i < verify.length - 1;
      extraDepth[i] = adapted ? Math.max(0, options.alpha() - i) : 0;
      verify[i] =
          adapted
              ? Math.max(1, Math.toIntExact(Math.round(gamma[i] * shape.nodes())) + extraDepth[i])
              : shape.nodes();
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int mostLevels() {
    return shape.depth() + Arrays.stream(extraDepth).max().orElse(0);
  }

  @Override
  public boolean drafts() {
    return true;
  }

  @Override
  public TreeShape shape() {
    return shape;
  }

  /** The bins in use. */
  public EntropyBins bins() {
    return bins;
  }

  @Override
  public Assessment assess(DraftTree tree) {
    double entropy = tree.metaPathEntropy();
    int bin = bins.binOf(entropy);
    return new Assessment(entropy, bin, extraDepth[bin], verify[bin]);
  }
}
