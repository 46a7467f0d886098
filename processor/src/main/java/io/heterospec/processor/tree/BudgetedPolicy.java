package io.heterospec.processor.tree;

/**
 * Trees of all live sequences under one budget: {@link SpeculationBudget} decides for the whole
 * cycle what each sequence drafts and verifies, nothing included.
 *
 * @param shape children of each expanded node, and the depth that entropy bins were made for
 */
public record BudgetedPolicy(TreeShape shape) implements TreePolicy {
  /** Name of this policy. */
  public static final String NAME = "budgeted";

  public BudgetedPolicy {
    if (shape.isNone()) {
      throw new IllegalArgumentException(
          "budgeted needs a tree shape; use vanilla to draft nothing");
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int mostLevels() {
    return SpeculationBudget.MAX_DEPTH;
  }

  @Override
  public boolean drafts() {
    return true;
  }

  @Override
  public Assessment assess(DraftTree tree) {
    throw new IllegalStateException("a budgeted tree is assessed together with all others");
  }
}
