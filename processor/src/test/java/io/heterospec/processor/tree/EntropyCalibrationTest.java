package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.tree.EntropyBins.BinStats;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EntropyCalibrationTest {
  private static final TreeShape SHAPE = new TreeShape(10, 7, 60);

  @Test
  void shouldLearnEightBinsFromRanksThatRiseWithEntropy() {
    EntropyCalibration calibration = new EntropyCalibration(SHAPE);
    for (int i = 0; i < 4000; i++) { // more than the initial capacity
      double entropy = i / 400.0;
      calibration.add(entropy, (int) (entropy * 5), true);
      calibration.add(entropy, 59, false);
      calibration.add(entropy, -1, false);
    }

    EntropyBins bins = calibration.fit("pair");

    assertThat(bins.count()).isEqualTo(8);
    assertThat(bins.cycles()).isEqualTo(12000);
    assertThat(bins.fullyAccepted()).isEqualTo(4000).isEqualTo(calibration.fullyAccepted());
    assertThat(bins.createdFor()).isEqualTo("pair");
    assertThat(bins.shape()).isEqualTo(SHAPE);
    assertThat(bins.stats()).extracting(BinStats::meanRank).isSorted();
    assertThat(bins.stats().stream().mapToLong(BinStats::count).sum()).isEqualTo(4000);
  }

  @Test
  void shouldReportMeanAndVarianceOfEachBin() {
    EntropyCalibration calibration = new EntropyCalibration(SHAPE);
    for (int i = 0; i < 50; i++) {
      calibration.add(1, 2 + 2 * (i % 2), true); // ranks 2 and 4
      calibration.add(3, 40, true);
    }

    EntropyBins bins = calibration.fit("pair");

    assertThat(bins.thresholds()).containsExactly(2);
    assertThat(bins.stats().get(0).count()).isEqualTo(50);
    assertThat(bins.stats().get(0).meanRank()).isCloseTo(3, within(1e-9));
    assertThat(bins.stats().get(0).rankVariance()).isCloseTo(1, within(1e-9));
    assertThat(bins.stats().get(1).meanRank()).isCloseTo(40, within(1e-9));
    assertThat(bins.stats().get(1).rankVariance()).isCloseTo(0, within(1e-9));
  }

  @Test
  void shouldLearnTheSameFromTheSameCyclesInAnyOrder() {
    double[] entropies = new Random(3).doubles(500, 0, 12).toArray();
    EntropyCalibration forwards = new EntropyCalibration(SHAPE);
    EntropyCalibration backwards = new EntropyCalibration(SHAPE);
    for (int i = 0; i < 500; i++) {
      forwards.add(entropies[i], (int) entropies[i], true);
      backwards.add(entropies[499 - i], (int) entropies[499 - i], true);
    }

    assertThat(forwards.fit("p").thresholds()).containsExactly(backwards.fit("p").thresholds());
  }

  @Test
  void shouldKeepOneBinWhenRanksDoNotDependOnEntropy() {
    EntropyCalibration calibration = new EntropyCalibration(SHAPE);
    for (int i = 0; i < 100; i++) {
      calibration.add(i, 5, true);
    }

    assertThat(calibration.fit("pair").count()).isEqualTo(1);
  }

  @Test
  void shouldAskForMoreDataWhenTooFewPathsWereAccepted() {
    EntropyCalibration calibration = new EntropyCalibration(SHAPE);
    for (int i = 0; i < EntropyCalibration.MIN_SAMPLES - 1; i++) {
      calibration.add(i, 5, true);
      calibration.add(i, 5, false);
    }

    assertThatIllegalStateException()
        .isThrownBy(() -> calibration.fit("pair"))
        .withMessageContaining("found 39 fully accepted paths in 78 cycles and needs 40")
        .withMessageContaining("use more prompts");
  }

  @Test
  void shouldRefuseImpossibleCycles() {
    EntropyCalibration calibration = new EntropyCalibration(SHAPE);

    for (double entropy : new double[] {Double.NaN, -0.1, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException().isThrownBy(() -> calibration.add(entropy, 0, true));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> calibration.add(1, -1, true));
    assertThatIllegalArgumentException().isThrownBy(() -> calibration.add(1, -2, false));
    assertThatIllegalArgumentException().isThrownBy(() -> calibration.add(1, 60, false));
    assertThatIllegalArgumentException().isThrownBy(() -> new EntropyCalibration(TreeShape.NONE));
    assertThat(calibration.cycles()).isZero();
  }
}
