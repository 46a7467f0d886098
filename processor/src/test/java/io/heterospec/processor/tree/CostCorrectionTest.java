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
}
