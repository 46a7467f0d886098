package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.heterospec.processor.tree.EntropyBins.BinStats;
import io.heterospec.processor.tree.TreePolicy.Assessment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TreePolicyTest {
  private static final TreeShape SHAPE = new TreeShape(2, 1, 2);

  @Test
  void shouldDraftNothingInVanilla() {
    TreePolicy policy = new VanillaPolicy();
    DraftTree empty = new DraftTree();
    empty.reset(1);

    assertThat(policy.name()).isEqualTo("vanilla");
    assertThat(policy.drafts()).isFalse();
    assertThat(policy.shape()).isEqualTo(TreeShape.NONE);
    assertThat(policy.assess(empty)).isEqualTo(new Assessment(Double.NaN, -1, 0, 0));
  }

  @Test
  void shouldKeepTheTreeFixedInEagle3() {
    TreeShape shape = new TreeShape(6, 5, 12);
    TreePolicy policy = new Eagle3Policy(shape);
    DraftTree tree = DraftPair.grown(DraftPair.Kind.FLAT, 6, 5, 1).tree;

    assertThat(policy.name()).isEqualTo("eagle3");
    assertThat(policy.drafts()).isTrue();
    assertThat(policy.shape()).isEqualTo(shape);
    assertThat(policy.assess(tree)).isEqualTo(new Assessment(tree.metaPathEntropy(), -1, 0, 12));
  }

  /** The official shape: α = 4, N = 60, so 18 + 4, 36 + 3 and 60 + 2 candidates. */
  @ParameterizedTest
  @CsvSource({
    "0, 4, 22",
    "1, 3, 39",
    "2, 2, 62",
    "3, 0, 60",
    "4, 0, 60",
    "5, 0, 60",
    "6, 0, 60",
    "7, 0, 60"
  })
  void shouldFollowThePapersFormulasInEachBin(int bin, int extraDepth, int verify) {
    TreeShape shape = TreeShape.gpuDefault();
    DraftTree tree = DraftPair.grown(DraftPair.Kind.FLAT, 10, 7, 1).tree;
    double entropy = tree.metaPathEntropy();
    // Thresholds around this tree's entropy, so that it falls in the wanted bin.
    double[] thresholds = new double[7];
    for (int i = 0; i < 7; i++) {
      thresholds[i] = i < bin ? entropy * (i + 1) / 10 : entropy + i + 1;
    }
    TreePolicy policy =
        new HeteroSpecPolicy(
            shape, bins(shape, thresholds), HeteroSpecOptions.paperDefaults(shape));

    assertThat(policy.name()).isEqualTo("heterospec");
    assertThat(policy.drafts()).isTrue();
    assertThat(policy.shape()).isEqualTo(shape);
    assertThat(policy.assess(tree)).isEqualTo(new Assessment(entropy, bin, extraDepth, verify));
  }

  @Test
  void shouldRoundShareOfNodesForTheCpuShape() {
    TreeShape shape = new TreeShape(6, 5, 12);
    DraftTree certain = DraftPair.grown(DraftPair.Kind.CERTAIN, 6, 5, 1).tree;
    TreePolicy policy =
        new HeteroSpecPolicy(
            shape, EntropyBins.uncalibrated(shape), HeteroSpecOptions.paperDefaults(shape));

    // α = ⌈5/2⌉ = 3; round(0.3 · 12) + 3 = 7.
    assertThat(policy.assess(certain)).extracting(Assessment::bin).isEqualTo(0);
    assertThat(policy.assess(certain)).extracting(Assessment::extraDepth).isEqualTo(3);
    assertThat(policy.assess(certain)).extracting(Assessment::verify).isEqualTo(7);
  }

  @Test
  void shouldNeverExtendByLessThanNothingNorVerifyNothing() {
    HeteroSpecOptions options = new HeteroSpecOptions(0, new double[] {0.1, 0.1});
    TreePolicy policy = new HeteroSpecPolicy(SHAPE, bins(SHAPE, 0.1, 10, 20), options);

    assertThat(policy.assess(flat())).isEqualTo(new Assessment(Math.log(2), 1, 0, 1));
  }

  @Test
  void shouldNotAdaptTheHighestBinWhenTheDataGaveFewBins() {
    HeteroSpecOptions options = HeteroSpecOptions.paperDefaults(SHAPE);

    assertThat(new HeteroSpecPolicy(SHAPE, bins(SHAPE), options).assess(flat()))
        .isEqualTo(new Assessment(Math.log(2), 0, 0, 2));
    assertThat(new HeteroSpecPolicy(SHAPE, bins(SHAPE, 0.1), options).assess(flat()))
        .isEqualTo(new Assessment(Math.log(2), 1, 0, 2));
  }

  @Test
  void shouldRefuseBinsOfAnotherShapeAndShapesThatDraftNothing() {
    HeteroSpecOptions options = HeteroSpecOptions.paperDefaults(SHAPE);
    EntropyBins bins = bins(SHAPE, 1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HeteroSpecPolicy(new TreeShape(2, 2, 2), bins, options))
        .withMessageContaining("made for top-k 2, depth 1, 2 nodes")
        .withMessageContaining("calibrate again");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HeteroSpecPolicy(TreeShape.NONE, bins, options));
    assertThatIllegalArgumentException().isThrownBy(() -> new Eagle3Policy(TreeShape.NONE));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "5, 3", "6, 3", "7, 4", "8, 4"})
  void shouldTakeHalfTheDepthRoundedUpAsAlpha(int depth, int alpha) {
    HeteroSpecOptions options = HeteroSpecOptions.paperDefaults(new TreeShape(2, depth, 2));

    assertThat(options).isEqualTo(new HeteroSpecOptions(alpha, new double[] {0.3, 0.6, 1.0}));
    assertThat(options)
        .hasSameHashCodeAs(new HeteroSpecOptions(alpha, new double[] {0.3, 0.6, 1.0}));
    assertThat(options.toString()).contains("alpha=" + alpha, "0.3, 0.6, 1.0");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, 0, -0.3, 1.01, Double.POSITIVE_INFINITY})
  void shouldRefuseSharesOutsideTheirRange(double share) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HeteroSpecOptions(1, new double[] {0.5, share}))
        .withMessageContaining("gamma must be in (0, 1]");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 33})
  void shouldRefuseAlphaOutsideItsRange(int alpha) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HeteroSpecOptions(alpha, new double[0]))
        .withMessageContaining("alpha must be between 0 and 32");
  }

  @Test
  void shouldNotShareItsArrays() {
    double[] gamma = {0.5};
    HeteroSpecOptions options = new HeteroSpecOptions(1, gamma);
    gamma[0] = 0.1;
    options.gamma()[0] = 0.2;

    assertThat(options.gamma()).containsExactly(0.5);
  }

  /** Two equally probable tokens: entropy ln 2. */
  private static DraftTree flat() {
    DraftTree tree = new DraftTree();
    tree.reset(2);
    tree.expand(DraftTree.ROOT, new float[] {-1, -1}, new int[] {1, 2}, 0, 2);
    return tree;
  }

  private static EntropyBins bins(TreeShape shape, double... thresholds) {
    List<BinStats> stats = new ArrayList<>();
    for (int i = 0; i <= thresholds.length; i++) {
      stats.add(
          BinStats.empty(EntropyBins.lowerEnd(thresholds, i), EntropyBins.upperEnd(thresholds, i)));
    }
    return new EntropyBins(shape, "", thresholds, stats, 0, 0);
  }
}
