package io.heterospec.processor.tree;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Grows the draft trees of all sequences of a cycle together, level by level (EAGLE-2/3): to each
 * policy's depth and, after the policy's assessment, beyond it (HeteroSpec, dynamic extended
 * drafting), or as far as the budget lets them. Where proposals come from is the {@link Head}'s
 * matter, so the engine and a simulation decide alike. Belongs to one thread.
 */
public final class TreeGrowth {
  private final SpeculationBudget budget;
  private int budgetedRows;

  /** What proposes tokens. */
  public interface Head<T extends GrowingTree> {
    /** Resets each tree and expands its root. */
    void expandRoots(List<T> trees);

    /** Expands {@link GrowingTree#width} nodes of the deepest level of each tree. */
    void expandFrontiers(List<T> trees);
  }

  /**
   * @param budget of trees with a share; null where no policy has one
   */
  public TreeGrowth(SpeculationBudget budget) {
    this.budget = budget;
  }

  /** Rows that the budget gave its sequences in the last cycle, their roots included. */
  public int budgetedRows() {
    return budgetedRows;
  }

  /**
   * Drafts for one cycle.
   *
   * @param trees of the sequences that may draft, and of all that have a share of the budget
   * @param sequences of the whole cycle
   */
  public <T extends GrowingTree> void grow(List<T> trees, int sequences, Head<T> head) {
    List<SpeculationBudget.Share> shares =
        trees.stream().map(GrowingTree::share).filter(Objects::nonNull).toList();
    budgetedRows = shares.size();
    if (!shares.isEmpty()) {
      budget.begin(sequences, rowsOfOthers(trees));
      budget.open(shares);
    }
    List<T> growing = new ArrayList<>(trees);
    growing.removeIf(tree -> !tree.isOpen());
    if (!growing.isEmpty()) {
      head.expandRoots(growing);
    }
    while (!growing.isEmpty()) {
      decideWidths(growing);
      growing.removeIf(tree -> tree.width() == 0);
      if (!growing.isEmpty()) {
        head.expandFrontiers(growing);
      }
    }
    if (!shares.isEmpty()) {
      budget.admit(shares);
      for (T tree : trees) {
        if (tree.share() != null) {
          tree.takeAdmitted();
          budgetedRows += tree.share().admitted();
        }
      }
    }
  }

  private static int rowsOfOthers(List<? extends GrowingTree> trees) {
    return trees.stream()
        .filter(tree -> tree.share() == null)
        .mapToInt(tree -> tree.policy().shape().nodes())
        .sum();
  }

  private void decideWidths(List<? extends GrowingTree> growing) {
    List<SpeculationBudget.Share> budgeted = new ArrayList<>();
    for (GrowingTree tree : growing) {
      if (tree.share() == null) {
        tree.fixWidth();
      } else {
        budgeted.add(tree.share());
      }
    }
    if (!budgeted.isEmpty()) {
      budget.widths(budgeted);
      growing.stream().filter(tree -> tree.share() != null).forEach(GrowingTree::takeBudgetedWidth);
    }
  }
}
