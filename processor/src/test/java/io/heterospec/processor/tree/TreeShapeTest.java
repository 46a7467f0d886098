package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TreeShapeTest {

  @Test
  void shouldCountCandidatesAsADraftedTreeHasThem() {
    for (int depth = 1; depth <= 6; depth++) {
      TreeShape shape = new TreeShape(4, depth, 1);
      DraftTree tree = DraftPair.grown(DraftPair.Kind.FLAT, 4, depth + 2, 5).tree;
      assertThat(shape.maxCandidates(2)).isEqualTo(tree.size());
    }
    assertThat(TreeShape.NONE.maxCandidates(3)).isZero();
  }

  @Test
  void shouldOfferTheOfficialSettingForGpus() {
    assertThat(TreeShape.gpuDefault()).isEqualTo(new TreeShape(10, 7, 60));
    assertThat(TreeShape.cpuDefault().nodes()).isLessThan(TreeShape.gpuDefault().nodes());
    assertThat(TreeShape.NONE.isNone()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 5, 12, top-k",
    "-1, 5, 12, top-k",
    "65, 5, 12, top-k",
    "6, 0, 12, depth",
    "6, 33, 12, depth",
    "6, 5, 0, nodes",
    "6, 5, -3, nodes",
    "2, 2, 7, nodes"
  })
  void shouldRefuseImpossibleShapes(int topK, int depth, int nodes, String named) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TreeShape(topK, depth, nodes))
        .withMessageContaining("tree " + named + " must be between 1 and");
  }
}
