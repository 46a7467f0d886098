package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DraftTreeTest {
  private static final float HIDDEN = Float.NEGATIVE_INFINITY;

  @ParameterizedTest
  @EnumSource(DraftPair.Kind.class)
  void shouldGrowAsThePlainRulesSayAtEveryDepth(DraftPair.Kind kind) {
    DraftTree reused = new DraftTree();
    for (int seed = 0; seed < 40; seed++) {
      int k = 1 + seed % 10;
      DraftPair pair = new DraftPair(reused, kind, k, seed);
      assertSameNodes(pair);
      for (int depth = 2; depth <= 9; depth++) {
        pair.selectFrontier();
        assertSameFrontier(pair);
        assertSameFrontierMask(pair);
        pair.expandFrontier();
        assertSameNodes(pair);
        assertSameMetaPath(pair);
        assertThat(reused.depth()).isEqualTo(depth);
      }
    }
  }

  @Test
  void shouldKeepProductsOfProbabilitiesAsConfidence() {
    DraftTree tree = twoLevels();

    assertThat(Math.exp(tree.logConfidence(0))).isCloseTo(0.6, within(1e-6));
    assertThat(Math.exp(tree.logConfidence(2))).isCloseTo(0.6 * 0.5, within(1e-6));
    assertThat(Math.exp(tree.logConfidence(5))).isCloseTo(0.3 * 0.1, within(1e-6));
  }

  @Test
  void shouldSumEntropiesOfRenormalisedDistributionsAlongTheMetaPath() {
    DraftTree tree = twoLevels();
    double root = entropy(0.6 / 0.9, 0.3 / 0.9);
    double first = entropy(0.5 / 0.9, 0.4 / 0.9);

    assertThat(tree.metaPathEnd()).isEqualTo(2);
    assertThat(tree.depthEntropies()).containsExactly(new double[] {root, first}, within(1e-6));
    assertThat(tree.metaPathEntropy()).isCloseTo(root + first, within(1e-6));
    assertThat(tree.entropy(DraftTree.ROOT)).isCloseTo(root, within(1e-6));
    assertThat(tree.entropy(2)).isNaN();
  }

  @Test
  void shouldTakeTheMetaPathFromTheDeepestLevelEvenWhenShallowerNodesAreMoreConfident() {
    DraftTree tree = new DraftTree();
    tree.reset(2);
    tree.expand(DraftTree.ROOT, logs(0.5, 0.4), new int[] {1, 2}, 0, 2);
    tree.selectFrontier(2);
    tree.expand(0, logs(0.1, 0.05), new int[] {3, 4}, 0, 2);
    tree.expand(1, logs(0.9, 0.05), new int[] {5, 6}, 0, 2);

    assertThat(tree.metaPathEnd()).isEqualTo(4);
    assertThat(tree.parent(4)).isEqualTo(1);
  }

  @Test
  void shouldBeEmptyAfterReset() {
    DraftTree tree = twoLevels();
    tree.reset(3);

    assertThat(tree.size()).isZero();
    assertThat(tree.depth()).isZero();
    assertThat(tree.slots()).isZero();
    assertThat(tree.frontierSize()).isZero();
    assertThat(tree.metaPathEnd()).isEqualTo(DraftTree.ROOT);
    assertThat(tree.metaPathEntropy()).isNaN();
    assertThat(tree.depthEntropies()).isEmpty();
    assertThat(tree.entropy(DraftTree.ROOT)).isNaN();
  }

  @Test
  void shouldTreatImpossibleTokensAsNoEntropy() {
    DraftTree tree = new DraftTree();
    tree.reset(2);
    tree.expand(DraftTree.ROOT, new float[] {0, HIDDEN}, new int[] {1, 2}, 0, 2);
    assertThat(tree.entropy(DraftTree.ROOT)).isZero();

    tree.reset(2);
    tree.expand(DraftTree.ROOT, new float[] {HIDDEN, HIDDEN}, new int[] {1, 2}, 0, 2);
    assertThat(tree.entropy(DraftTree.ROOT)).isZero();
  }

  @Test
  void shouldNotLetRoundingRaiseConfidenceAlongAPath() {
    DraftTree tree = new DraftTree();
    tree.reset(1);
    tree.expand(DraftTree.ROOT, new float[] {1e-4f}, new int[] {7}, 0, 1);

    assertThat(tree.logConfidence(0)).isZero();
  }

  @Test
  void shouldWriteTheFrontierMaskIntoAWiderMatrixWithoutTouchingTheRest() {
    DraftTree tree = twoLevels();
    tree.selectFrontier(2);
    float[] wide = new float[2 * 7 + 1];
    Arrays.fill(wide, 9);
    tree.writeFrontierMask(wide, 1, 7);

    // Slots 0 and 1 are nodes 0 and 1; slots 2 and 3 nodes 2 and 3, both children of node 0.
    assertThat(wide)
        .containsExactly(9, 0, HIDDEN, 0, HIDDEN, 9, 9, 9, 0, HIDDEN, HIDDEN, 0, 9, 9, 9);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tree.writeFrontierMask(wide, 0, 3))
        .withMessageContaining("stride of at least 4");
  }

  @Test
  void shouldRefuseStepsOutOfOrder() {
    DraftTree fresh = new DraftTree();
    assertThatIllegalStateException().isThrownBy(() -> grow(fresh, DraftTree.ROOT));

    DraftTree tree = new DraftTree();
    tree.reset(2);
    assertThatIllegalStateException().isThrownBy(() -> tree.selectFrontier(2));
    assertThatIllegalStateException().isThrownBy(() -> grow(tree, 0));
    grow(tree, DraftTree.ROOT);
    assertThatIllegalStateException().isThrownBy(() -> grow(tree, DraftTree.ROOT));
    assertThatIllegalStateException().isThrownBy(() -> grow(tree, 0));
    tree.selectFrontier(1);
    assertThatIllegalStateException().isThrownBy(() -> tree.selectFrontier(1));
    assertThatIllegalStateException().isThrownBy(() -> grow(tree, 1));
    grow(tree, 0);
    assertThatIllegalStateException().isThrownBy(() -> grow(tree, 0));
  }

  @Test
  void shouldRefuseBadArguments() {
    DraftTree tree = new DraftTree();
    assertThatIllegalArgumentException().isThrownBy(() -> tree.reset(0));
    tree.reset(2);
    int[] tokens = {1, 2, 3};
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tree.expand(DraftTree.ROOT, new float[3], tokens, 0, 3))
        .withMessageContaining("1 to 2 children");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tree.expand(DraftTree.ROOT, new float[3], tokens, 0, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> tree.expand(DraftTree.ROOT, new float[] {-1, Float.NaN, -2}, tokens, 0, 2))
        .withMessageContaining("NaN");
    assertThatThrownBy(() -> tree.expand(DraftTree.ROOT, new float[3], tokens, 2, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(tree.size()).as("a refused expansion adds nothing").isZero();

    grow(tree, DraftTree.ROOT);
    assertThatIllegalArgumentException().isThrownBy(() -> tree.selectFrontier(3));
    assertThatThrownBy(() -> tree.token(2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tree.frontier(0)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static void assertSameNodes(DraftPair pair) {
    DraftTree tree = pair.tree;
    assertThat(tree.size()).isEqualTo(pair.plain.nodes.size());
    for (PlainTree.Node node : pair.plain.nodes) {
      int parent = node.parent == null ? DraftTree.ROOT : node.parent.index;
      assertThat(tree.token(node.index)).isEqualTo(node.token);
      assertThat(tree.parent(node.index)).isEqualTo(parent).isLessThan(node.index);
      assertThat(tree.depth(node.index)).isEqualTo(node.depth);
      assertThat(tree.logConfidence(node.index))
          .isCloseTo(node.confidence.doubleValue(), within(1e-9));
    }
  }

  private static void assertSameFrontier(DraftPair pair) {
    DraftTree tree = pair.tree;
    List<PlainTree.Node> frontier = pair.plain.frontier;
    assertThat(tree.frontierSize()).isEqualTo(frontier.size());
    for (int i = 0; i < frontier.size(); i++) {
      assertThat(tree.frontier(i)).isEqualTo(frontier.get(i).index);
    }
    assertThat(tree.slots()).isEqualTo(pair.plain.everExpanded.size());
    for (PlainTree.Node node : pair.plain.nodes) {
      assertThat(tree.slot(node.index)).isEqualTo(pair.plain.everExpanded.indexOf(node));
    }
  }

  private static void assertSameFrontierMask(DraftPair pair) {
    List<PlainTree.Node> frontier = pair.plain.frontier;
    List<PlainTree.Node> slots = pair.plain.everExpanded;
    float[] mask = new float[frontier.size() * slots.size()];
    pair.tree.writeFrontierMask(mask);
    for (int i = 0; i < frontier.size(); i++) {
      for (int j = 0; j < slots.size(); j++) {
        assertThat(mask[i * slots.size() + j])
            .isEqualTo(frontier.get(i).descendsFrom(slots.get(j)) ? 0f : HIDDEN);
      }
    }
  }

  private static void assertSameMetaPath(DraftPair pair) {
    double[] expected =
        pair.plain.metaPathEntropies().stream().mapToDouble(Double::doubleValue).toArray();
    assertThat(pair.tree.metaPathEnd()).isEqualTo(pair.plain.metaPathEnd().index);
    assertThat(pair.tree.depthEntropies()).containsExactly(expected, within(1e-9));
    assertThat(pair.tree.metaPathEntropy()).isCloseTo(Arrays.stream(expected).sum(), within(1e-9));
  }

  /** Root: 0.6, 0.3; below the first 0.5, 0.4; below the second 0.2, 0.1. */
  private static DraftTree twoLevels() {
    DraftTree tree = new DraftTree();
    tree.reset(2);
    tree.expand(DraftTree.ROOT, logs(0.6, 0.3), new int[] {1, 2}, 0, 2);
    tree.selectFrontier(2);
    float[] rows = logs(0.5, 0.4, 0.2, 0.1);
    int[] tokens = {3, 4, 3, 5};
    tree.expand(tree.frontier(0), rows, tokens, 0, 2);
    tree.expand(tree.frontier(1), rows, tokens, 2, 2);
    return tree;
  }

  private static void grow(DraftTree tree, int node) {
    tree.expand(node, logs(0.5, 0.25), new int[] {1, 2}, 0, 2);
  }

  private static float[] logs(double... probabilities) {
    float[] logs = new float[probabilities.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (float) Math.log(probabilities[i]);
    }
    return logs;
  }

  private static double entropy(double... probabilities) {
    return -Arrays.stream(probabilities).map(p -> p * Math.log(p)).sum();
  }
}
