package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.tree.EntropyBins.BinStats;
import java.util.List;
import org.junit.jupiter.api.Test;

class EntropyBinsTest {
  private static final TreeShape SHAPE = new TreeShape(6, 5, 12);
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  @Test
  void shouldPutAThresholdItselfInTheLowerBin() {
    EntropyBins bins = bins(new double[] {1, 2}, stats(0, 1), stats(1, 2), stats(2, INFINITY));

    assertThat(bins.binOf(0)).isEqualTo(0);
    assertThat(bins.binOf(1)).isEqualTo(0);
    assertThat(bins.binOf(Math.nextUp(1.0))).isEqualTo(1);
    assertThat(bins.binOf(2)).isEqualTo(1);
    assertThat(bins.binOf(1e9)).isEqualTo(2);
    assertThat(bins.count()).isEqualTo(3);
    assertThatIllegalArgumentException().isThrownBy(() -> bins.binOf(Double.NaN));
  }

  @Test
  void shouldGuessEightEqualBinsWhenUncalibrated() {
    EntropyBins bins = EntropyBins.uncalibrated(SHAPE);
    double most = 5 * Math.log(6);

    assertThat(bins.calibrated()).isFalse();
    assertThat(bins.count()).isEqualTo(8);
    assertThat(bins.thresholds()[0]).isCloseTo(most / 8, within(1e-12));
    assertThat(bins.thresholds()[6]).isCloseTo(most * 7 / 8, within(1e-12));
    assertThat(bins.binOf(most)).isEqualTo(7);
    assertThat(EntropyBins.uncalibrated(new TreeShape(1, 3, 3)).count()).isEqualTo(1);
  }

  @Test
  void shouldSayWhetherTheyFitATree() {
    EntropyBins bins = EntropyBins.uncalibrated(SHAPE);

    assertThat(bins.fits(new TreeShape(6, 5, 12))).isTrue();
    assertThat(bins.fits(new TreeShape(5, 5, 12))).isFalse();
    assertThat(bins.fits(new TreeShape(6, 6, 12))).isFalse();
    assertThat(bins.fits(new TreeShape(6, 5, 13))).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bins.requireFits(new TreeShape(6, 6, 12)))
        .withMessageContaining("depth 6");
  }

  @Test
  void shouldCompareByContentAndNotShareArrays() {
    EntropyBins bins = EntropyBins.uncalibrated(SHAPE);
    bins.thresholds()[0] = 99;

    assertThat(bins).isEqualTo(EntropyBins.uncalibrated(SHAPE));
    assertThat(bins).hasSameHashCodeAs(EntropyBins.uncalibrated(SHAPE));
    assertThat(bins).isNotEqualTo(EntropyBins.uncalibrated(new TreeShape(6, 5, 13)));
  }

  @Test
  void shouldRefuseThresholdsThatAreNotPositiveFiniteAndAscending() {
    for (double[] thresholds :
        new double[][] {{2, 1}, {1, 1}, {0, 1}, {-1, 1}, {Double.NaN, 1}, {1, INFINITY}}) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  bins(
                      thresholds,
                      stats(0, thresholds[0]),
                      stats(thresholds[0], thresholds[1]),
                      stats(thresholds[1], INFINITY)))
          .withMessageContaining("ascending");
    }
  }

  @Test
  void shouldRefuseStatisticsThatContradictTheThresholds() {
    double[] one = {1};
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bins(one, stats(0, 1)))
        .withMessageContaining("one more bin");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bins(one, stats(0, 2), stats(2, INFINITY)))
        .withMessageContaining("bin 0 does not lie between");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bins(one, new BinStats(0, 1, 0, Double.NaN, 0), stats(1, INFINITY)))
        .withMessageContaining("negative or missing");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bins(one, new BinStats(0, 1, 3, 1, 1), stats(1, INFINITY)))
        .withMessageContaining("count 3 of 0 fully accepted");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new EntropyBins(TreeShape.NONE, "", new double[0], List.of(stats(0, 1)), 0, 0));
  }

  private static BinStats stats(double lower, double upper) {
    return BinStats.empty(lower, upper);
  }

  private static EntropyBins bins(double[] thresholds, BinStats... stats) {
    return new EntropyBins(SHAPE, "", thresholds, List.of(stats), 0, 0);
  }
}
