package io.heterospec.processor.tree;

/**
 * The fixed tree of EAGLE-3: the same depth and the same number of verified candidates each cycle.
 *
 * @param shape the tree, not {@link TreeShape#NONE}
 */
public record Eagle3Policy(TreeShape shape) implements TreePolicy {
  /** Name of this policy. */
  public static final String NAME = "eagle3";

  public Eagle3Policy {
    if (shape.isNone()) {
      throw new IllegalArgumentException("eagle3 needs a tree shape; use vanilla to draft nothing");
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean drafts() {
    return true;
  }

  @Override
  public Assessment assess(DraftTree tree) {
    return new Assessment(tree.metaPathEntropy(), -1, 0, shape.nodes());
  }
}
