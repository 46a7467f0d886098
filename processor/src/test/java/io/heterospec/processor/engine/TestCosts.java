package io.heterospec.processor.engine;

import io.heterospec.processor.tree.CostTable;

/** Costs that do not depend on the machine the tests run on. */
public final class TestCosts {
  private TestCosts() {}

  /** Levels so dear that the budget never drafts. */
  public static CostTable forbidding() {
    int[] one = {1};
    double[][] pass = {{10}};
    return new CostTable(
        "test", one, one, pass, pass, new double[][] {{900}}, new double[] {900}, 9);
  }

  /** Rows and levels so cheap that the budget drafts for every sequence, in trees of many sizes. */
  public static CostTable cheap() {
    int[] sequences = {1, 8};
    int[] rows = {1, 9};
    double[][] pass = {{10, 12}, {14, 30}};
    double[][] lone = {{10, 12}, {14, 17}};
    double[][] level = {{0.2, 0.3}, {0.4, 0.6}};
    return new CostTable("test", sequences, rows, pass, lone, level, new double[] {0.3, 0.6}, 0.1);
  }
}
