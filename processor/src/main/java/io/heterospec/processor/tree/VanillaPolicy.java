package io.heterospec.processor.tree;

/** Plain decoding: one token for each target pass, nothing drafted. */
public record VanillaPolicy() implements TreePolicy {
  /** Name of this policy. */
  public static final String NAME = "vanilla";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean drafts() {
    return false;
  }

  @Override
  public TreeShape shape() {
    return TreeShape.NONE;
  }

  @Override
  public Assessment assess(DraftTree tree) {
    return new Assessment(Double.NaN, -1, 0, 0);
  }
}
