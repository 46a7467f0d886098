package io.heterospec.processor.tree;

/**
 * Drafts a deep tree after every single token and verifies nothing, so that a trace tells what the
 * head proposes at each position of a text, whatever another policy would draft there. Slow, and of
 * use for simulation alone.
 *
 * @param shape the tree
 */
public record SurveyPolicy(TreeShape shape) implements TreePolicy {
  /** Name of this policy. */
  public static final String NAME = "survey";

  /** A survey of what policies of a base tree can draft. */
  public static SurveyPolicy of(TreeShape base) {
    return new SurveyPolicy(
        new TreeShape(base.topK(), Math.max(base.depth(), SpeculationBudget.MAX_DEPTH), 1));
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
    return new Assessment(tree.metaPathEntropy(), -1, 0, 0);
  }

  @Override
  public int unassessedNodes() {
    return 0;
  }
}
