package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CostCorrectionTest {
  @Test
  void learnsWhatDraftsAndTreesCostBesidePlainPasses() {
    CostCorrection correction = new CostCorrection();
    for (int i = 0; i < 200; i++) {
      correction.plainPass(10, 20);
      correction.treePass(12, 30); // half as much again as plain passes are off
      correction.drafting(2, 5.2);
    }
    assertThat(correction.tree()).isCloseTo(1.25, within(0.06));
    assertThat(correction.draft()).isCloseTo(1.3, within(0.06));
  }

  @Test
  void aMachineThatGetsSlowerChangesNothing() {
    CostCorrection correction = new CostCorrection();
    for (int i = 0; i < 100; i++) {
      double slow = i < 50 ? 1 : 3;
      correction.plainPass(10, slow * 10);
      correction.drafting(2, slow * 2);
      correction.treePass(12, slow * 12);
    }
    assertThat(correction.tree()).isCloseTo(1, within(0.15));
    assertThat(correction.draft()).isCloseTo(1, within(0.15));
  }

  @Test
  void asksForAPlainPassAfterManyOverTrees() {
    CostCorrection correction = new CostCorrection();
    assertThat(correction.needsPlainPass()).isFalse();
    for (int i = 0; i < 64; i++) {
      correction.treePass(10, 10);
    }
    assertThat(correction.needsPlainPass()).isTrue();
    correction.plainPass(10, 10);
    assertThat(correction.needsPlainPass()).isFalse();
  }

  @Test
  void fewPlainPassesTellSlowTreesFromASlowMachine() {
    CostCorrection correction = new CostCorrection();
    for (int i = 0; i < 500; i++) {
      if (i % 50 == 49) {
        correction.plainPass(10, 8);
      } else {
        correction.treePass(12, 15);
      }
    }
    assertThat(correction.tree()).isCloseTo(15 / 12.0 / 0.8, within(0.1));
  }

  @Test
  void aPauseOfTheMachineSaysNothing() {
    CostCorrection correction = new CostCorrection();
    for (int i = 0; i < 100; i++) {
      correction.plainPass(10, 10);
      correction.treePass(12, 12);
    }
    correction.treePass(12, 1200);
    assertThat(correction.tree()).isCloseTo(1, within(0.1));
  }

  @Test
  void asksForPlainPassesUntilTheCostOfTreesIsKnownAndRarelyThen() {
    CostCorrection correction = new CostCorrection();
    assertThat(correction.needsPlainPass()).isFalse();
    int[] asked = new int[2];
    for (int i = 0; i < 1000; i++) {
      if (correction.needsPlainPass()) {
        asked[i / 500]++;
        correction.plainPass(10, 10);
        assertThat(correction.needsPlainPass()).isFalse();
      } else {
        correction.treePass(12, 15);
      }
    }
    assertThat(asked[0]).isBetween(4, 40);
    assertThat(asked[1]).isBetween(500 / 65, 20);
    assertThat(correction.tree()).isCloseTo(1.25, within(0.06));
  }

  @Test
  void draftsThatWereSlowOnceAreNotHeldToBeSlowForever() {
    CostCorrection correction = new CostCorrection();
    for (int i = 0; i < 5; i++) {
      correction.drafting(2, 20);
      correction.plainPass(10, 10);
    }
    assertThat(correction.draft()).isGreaterThan(1.5);
    for (int i = 0; i < 12_000; i++) {
      correction.plainPass(10, 10);
    }
    assertThat(correction.draft()).isCloseTo(1, within(0.1));
  }
}
