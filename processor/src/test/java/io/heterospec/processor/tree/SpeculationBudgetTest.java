package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.tree.SpeculationBudget.Share;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpeculationBudgetTest {
  private static final int TOP_K = 2;
  private static final EntropyBins BINS = EntropyBins.uncalibrated(new TreeShape(TOP_K, 3, 4));
  private static final int ROOM = 40;

  /** Costs that grow by {@code row} for each row beyond a pass's base of 10 ms. */
  private static CostTable costs(double row, double draft) {
    double[][] verify = new double[2][2];
    double[][] lone = new double[2][2];
    int[] sequences = {1, 8};
    int[] rows = {1, 9};
    for (int s = 0; s < 2; s++) {
      for (int r = 0; r < 2; r++) {
        verify[s][r] = 10 + row * sequences[s] * rows[r];
        lone[s][r] = 10 + row * (sequences[s] - 1 + rows[r]);
      }
    }
    double[][] level = {{draft, draft}, {draft, draft}};
    double[] extend = {draft, draft};
    return new CostTable("test", sequences, rows, verify, lone, level, extend, 0);
  }

  /** Reading 200 rows costs as much as two passes, and a cycle's draft saves a third of one. */
  private static CostTable costsOfReading() {
    double[][] verify = {{10, 10.1}};
    double[][] level = {{0.1, 0.2}};
    return new CostTable(
        "test", new int[] {1}, new int[] {1, 2}, verify, verify, level, new double[] {0.1}, 0.1);
  }

  private static SpeculationBudget budget(CostTable costs) {
    return new SpeculationBudget(costs, survival());
  }

  private static SurvivalModel survival() {
    return new SurvivalModel(BINS, TOP_K, SurvivalCounts.empty(BINS.count(), TOP_K));
  }

  private static Share share(DraftTree tree, double weight, int limit) {
    return new Share(tree, new SpeculationHistory(), weight, limit, ROOM, 1);
  }

  /** Grows the trees as the drafter does, the best child with this probability. */
  private static void cycle(
      SpeculationBudget budget, List<Share> shares, List<DraftTree> trees, double best) {
    float[] logProbs = {(float) Math.log(best), (float) Math.log(best / 4)};
    trees.forEach(tree -> tree.reset(TOP_K));
    budget.begin(shares.size(), 0);
    budget.open(shares);
    List<Share> growing = new ArrayList<>();
    for (int i = 0; i < shares.size(); i++) {
      if (shares.get(i).isOpen()) {
        trees.get(i).expand(DraftTree.ROOT, logProbs, new int[] {1, 2}, 0, TOP_K);
        growing.add(shares.get(i));
      }
    }
    while (!growing.isEmpty()) {
      budget.widths(growing);
      growing.removeIf(share -> share.width() == 0);
      for (Share share : growing) {
        DraftTree tree = trees.get(shares.indexOf(share));
        tree.selectFrontier(share.width());
        for (int i = 0; i < tree.frontierSize(); i++) {
          tree.expand(tree.frontier(i), logProbs, new int[] {1, 2}, 0, TOP_K);
        }
      }
    }
    budget.admit(shares);
  }

  private static List<DraftTree> trees(int count) {
    List<DraftTree> trees = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      trees.add(new DraftTree());
    }
    return trees;
  }

  @Test
  void draftsDeepAndVerifiesMuchWhereRowsAndLevelsCostNearlyNothing() {
    List<DraftTree> trees = trees(1);
    List<Share> shares = List.of(share(trees.get(0), 1, 100));

    cycle(budget(costs(1e-6, 1e-6)), shares, trees, 0.9);

    assertThat(trees.get(0).depth()).isEqualTo(SpeculationBudget.MAX_DEPTH);
    assertThat(shares.get(0).admitted()).isEqualTo(ROOM);
  }

  @Test
  void draftsNothingWhereRowsCostAsMuchAsPasses() {
    List<DraftTree> trees = trees(2);
    List<Share> shares = List.of(share(trees.get(0), 1, 100), share(trees.get(1), 1, 100));

    cycle(budget(costs(50, 1)), shares, trees, 0.9);

    assertThat(shares).noneMatch(Share::isOpen);
    assertThat(shares).allMatch(share -> share.admitted() == 0);
  }

  @Test
  void draftsNothingWhereItWouldHardlyPay() {
    double tokens = survival().continuation(0) + survival().continuation(1);
    double breakEvenMs = tokens * 10; // a pass of 10 ms brings one token

    assertThat(draftsOneLevel(0.9 * breakEvenMs)).isTrue();
    assertThat(draftsOneLevel(0.98 * breakEvenMs)).isFalse();
  }

  private static boolean draftsOneLevel(double draftMs) {
    List<DraftTree> trees = trees(1);
    List<Share> shares = List.of(share(trees.get(0), 1, 1));
    cycle(budget(costs(0, draftMs)), shares, trees, 0.9);
    return shares.get(0).isOpen();
  }

  @Test
  void verifiesNothingOfADraftThatTurnsOutUncertain() {
    List<DraftTree> trees = trees(1);
    List<Share> shares = List.of(share(trees.get(0), 1, 100));

    cycle(budget(costs(4, 0.01)), shares, trees, 0.02);

    assertThat(shares.get(0).isOpen()).isTrue();
    assertThat(shares.get(0).admitted()).isZero();
  }

  @Test
  void neverDraftsDeeperThanWhatCanStillBecomeOutput() {
    List<DraftTree> trees = trees(2);
    List<Share> shares = List.of(share(trees.get(0), 1, 2), share(trees.get(1), 1, 0));

    cycle(budget(costs(1e-6, 1e-6)), shares, trees, 0.9);

    assertThat(trees.get(0).depth()).isEqualTo(2);
    assertThat(shares.get(1).isOpen()).isFalse();
  }

  @Test
  void ofTwoEqualTreesTheOneOfMoreWeightIsVerifiedFurther() {
    List<DraftTree> trees = trees(2);
    List<Share> shares = List.of(share(trees.get(0), 1, 100), share(trees.get(1), 2, 100));

    cycle(budget(costs(2.5, 0.01)), shares, trees, 0.6);

    assertThat(shares.get(1).admitted()).isGreaterThan(shares.get(0).admitted());
  }

  @Test
  void aTallTreeThatWouldNotPayDoesNotKeepAllFromTheirFirstNode() {
    // A second row for all pays, and a third of any would make the pass too long.
    double[][] verify = {{10, 10.5, 40}, {10, 12, 90}};
    double[][] level = {{0.01, 0.01, 0.01}, {0.01, 0.01, 0.01}};
    int[] rows = {1, 2, 3};
    CostTable costs =
        new CostTable(
            "test", new int[] {1, 8}, rows, verify, verify, level, new double[] {0.01, 0.01}, 0);
    List<DraftTree> trees = trees(8);
    List<Share> shares = new ArrayList<>();
    trees.forEach(tree -> shares.add(share(tree, 1, 100)));

    cycle(budget(costs), shares, trees, 0.6);

    assertThat(shares).allMatch(share -> share.admitted() == 1);
  }

  @ParameterizedTest
  @CsvSource({"12, 16", "80, 1"})
  void oneTreeIsDraftedOnlyAsDeepAsItPaysToHaveItTowerOverTheOthers(double loneMs, int depth) {
    double[][] verify = {{10, 12, 90}, {10, 12, 90}};
    double[][] lone = {{10, 10.2, loneMs}, {10, 10.2, loneMs}};
    double[][] level = {{0.01, 0.01, 0.01}, {0.01, 0.01, 0.01}};
    CostTable costs =
        new CostTable(
            "test",
            new int[] {1, 8},
            new int[] {1, 2, 9},
            verify,
            lone,
            level,
            new double[] {0.01, 0.01},
            0);
    List<DraftTree> trees = trees(8);
    List<Share> shares = new ArrayList<>();
    trees.forEach(tree -> shares.add(share(tree, 1, shares.isEmpty() ? 100 : 0)));

    cycle(budget(costs), shares, trees, 0.97);

    assertThat(trees.get(0).depth()).isEqualTo(depth);
  }

  @Test
  void theTreesOfOthersDoNotMakeDraftsSeemFree() {
    CostTable costs = costs(4, 20);
    List<DraftTree> trees = trees(1);
    Share share = share(trees.get(0), 1, 100);
    SpeculationBudget budget = budget(costs);

    budget.begin(2, 8);
    budget.open(List.of(share));

    assertThat(share.isOpen()).isFalse();
  }

  @Test
  void whatTheHeadMustReadFirstIsWeighedAgainstAllCyclesToCome() {
    List<DraftTree> trees = trees(2);
    Share early = new Share(trees.get(0), new SpeculationHistory(), 1, 100, ROOM, 200);
    Share late = new Share(trees.get(1), new SpeculationHistory(), 1, 2, ROOM, 200);

    cycle(budget(costsOfReading()), List.of(early), trees.subList(0, 1), 0.6);
    cycle(budget(costsOfReading()), List.of(late), trees.subList(1, 2), 0.6);

    assertThat(early.isOpen()).isTrue();
    assertThat(late.isOpen()).isFalse();
  }

  @Test
  void whatTheHeadHadToReadFirstDoesNotEndWhatItWasReadFor() {
    SpeculationBudget budget = budget(costsOfReading());
    List<DraftTree> trees = trees(1);
    SpeculationHistory history = new SpeculationHistory();
    for (int i = 0; i < 10; i++) {
      Share share = new Share(trees.get(0), history, 1, 100 - i, ROOM, i == 0 ? 400 : 1);
      cycle(budget, List.of(share), trees, 0.6);
      assertThat(share.isOpen()).as("cycle %d", i).isTrue();
    }
  }

  @Test
  void aSequenceWhoseDraftsKeepFailingIsDraftedNoMore() {
    SpeculationBudget budget = budget(costs(2, 1.5));
    DraftTree tree = new DraftTree();
    SpeculationHistory history = new SpeculationHistory();
    VerifyTree verified = new VerifyTree();
    int drafted = 0;
    for (int i = 0; i < 60; i++) {
      Share share = new Share(tree, history, 1, 100, ROOM, 1);
      cycle(budget, List.of(share), List.of(tree), 0.6);
      drafted += share.isOpen() && i >= 30 ? 1 : 0;
      verified.select(tree, share.admitted());
      budget.learn(share, verified, new AcceptedPath(new int[] {0}, 0, 99));
    }
    assertThat(drafted).isLessThanOrEqualTo(1);
  }

  @Test
  void whatDraftsCostForManySequencesSaysNothingAboutOne() {
    SpeculationBudget budget = budget(costs(0.2, 0.2));
    List<DraftTree> trees = trees(8);
    List<DraftTree> alone = trees(1);
    for (int i = 0; i < 60; i++) {
      List<Share> shares = trees.stream().map(tree -> share(tree, 1, 100)).toList();
      cycle(budget, shares, trees, 0.5);
      boolean drafted = shares.stream().anyMatch(Share::isOpen);
      budget.learnTimes(drafted ? 30 : 0, drafted ? 40 : 11.6);
    }

    List<Share> many = trees.stream().map(tree -> share(tree, 1, 100)).toList();
    cycle(budget, many, trees, 0.5);
    List<Share> one = List.of(share(alone.get(0), 1, 100));
    cycle(budget, one, alone, 0.5);

    assertThat(many).noneMatch(Share::isOpen);
    assertThat(one).allMatch(Share::isOpen);
  }

  @Test
  void draftsThatKeepBringingLessThanTheyCostBecomeRare() {
    // The first child is worth its row in general, but the head is sure of none of these.
    SpeculationBudget budget = budget(costs(1, 2));
    List<DraftTree> trees = trees(1);
    int[] drafted = new int[2];
    for (int i = 0; i < 400; i++) {
      List<Share> shares = List.of(share(trees.get(0), 1, 100));
      cycle(budget, shares, trees, 0.05);
      drafted[i / 200] += shares.get(0).isOpen() ? 1 : 0;
    }
    assertThat(drafted[0]).isPositive();
    assertThat(drafted[1]).isLessThan(40);
  }

  private static boolean drafts(SpeculationBudget budget) {
    DraftTree tree = new DraftTree();
    Share share = share(tree, 1, 20);
    cycle(budget, List.of(share), List.of(tree), 0.9);
    return share.admitted() > 0;
  }

  @Test
  void aPlainPassForComparisonThatPrefillSharesDoesNotKeepDraftsAway() {
    SpeculationBudget budget = budget(costs(0.01, 0.1));
    int cycles = 0;
    while (drafts(budget)) {
      budget.learnTimes(0.2, 10.5);
      assertThat(++cycles).isLessThan(100);
    }
    // The plain pass is not timed, nor are the next ones.
    assertThat(drafts(budget)).isTrue();
    assertThat(drafts(budget)).isTrue();
    budget.learnTimes(0.2, 10.5);
    assertThat(drafts(budget)).as("a comparison is still due").isFalse();
  }
}
