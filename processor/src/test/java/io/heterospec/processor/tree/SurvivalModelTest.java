package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SurvivalModelTest {
  private static final TreeShape SHAPE = new TreeShape(2, 3, 4);
  private static final EntropyBins BINS = EntropyBins.uncalibrated(SHAPE);

  private static SurvivalModel fresh() {
    return new SurvivalModel(BINS, 2, SurvivalCounts.empty(BINS.count(), 2));
  }

  @Test
  void beforeAnythingWasSeenSurvivalIsNearThePathConfidence() {
    SurvivalModel model = fresh();

    for (double confidence : new double[] {0.9, 0.5, 0.2, 0.05}) {
      assertThat(model.survival(3, Math.log(confidence)))
          .isCloseTo(confidence, within(0.08 * confidence + 0.01));
    }
    assertThat(model.survival(3, Math.log(1e-9))).isLessThan(1e-6);
  }

  @Test
  void survivalNeverGrowsAsConfidenceFallsWhateverWasSeen() {
    Random random = new Random(1);
    SurvivalModel model = fresh();
    for (int i = 0; i < 5000; i++) {
      model.learnNode(0, -8 * random.nextDouble(), random.nextInt(3) == 0);
    }
    model.refresh(0);

    double last = 1;
    for (double logConfidence = 0; logConfidence > -12; logConfidence -= 0.01) {
      double survival = model.survival(0, logConfidence);
      assertThat(survival).isBetween(0.0, last + 1e-12);
      last = survival;
    }
  }

  @Test
  void whatIsSeenInABinCorrectsItsNodesAndNoOthers() {
    SurvivalModel model = fresh();
    double logConfidence = Math.log(SurvivalCounts.centre(4));
    double before = model.survival(2, logConfidence);
    for (int i = 0; i < 2000; i++) {
      model.learnNode(2, logConfidence, i % 10 != 0);
      // Neighbours too, so that pooling does not pull the bucket to them.
      model.learnNode(2, Math.log(SurvivalCounts.centre(3)), i % 10 != 0);
      model.learnNode(2, Math.log(SurvivalCounts.centre(2)), i % 10 != 0);
      model.learnNode(2, Math.log(SurvivalCounts.centre(1)), i % 10 != 0);
      model.learnNode(2, Math.log(SurvivalCounts.centre(0)), i % 10 != 0);
    }
    model.refresh(2);

    assertThat(model.survival(2, logConfidence)).isCloseTo(0.9, within(0.02));
    assertThat(model.survival(1, logConfidence)).isCloseTo(before, within(1e-12));
  }

  @Test
  void oldObservationsFade() {
    SurvivalModel model = fresh();
    for (int i = 0; i < 5000; i++) {
      model.learnContinuation(0, 0);
    }
    assertThat(model.continuation(0, 0)).isGreaterThan(0.95);
    for (int i = 0; i < 2000; i++) {
      model.learnContinuation(0, -1);
    }
    assertThat(model.continuation(0, 0)).isLessThan(0.05);
  }

  @Test
  void calibrationCountsNodesOnThePathOfTheTextThatFollowed() {
    SurvivalCalibration calibration = new SurvivalCalibration(BINS);
    // Root -> 7 -> 8, root -> 9; the text went on with 7, 5.
    calibration.add(
        0.1,
        new int[] {7, 9, 8, 6},
        new int[] {-1, -1, 0, 0},
        new double[] {0.6, 0.3, 0.4, 0.1},
        new int[] {7, 5});
    SurvivalCounts counts = calibration.counts();

    assertThat(counts.seen()[0][SurvivalCounts.bucket(Math.log(0.6))]).isEqualTo(1);
    assertThat(counts.survived()[0][SurvivalCounts.bucket(Math.log(0.6))]).isEqualTo(1);
    assertThat(counts.survived()[0][SurvivalCounts.bucket(Math.log(0.4))]).isZero();
    assertThat(counts.expanded()[0]).isEqualTo(2); // the root and 7
    assertThat(counts.continued()[0]).containsExactly(1, 0);
  }

  @Test
  void nodesBeyondTheEndOfTheTextSayNothing() {
    SurvivalCalibration calibration = new SurvivalCalibration(BINS);
    calibration.add(
        0.1, new int[] {7, 8}, new int[] {-1, 0}, new double[] {0.6, 0.4}, new int[] {7});

    assertThat(calibration.counts().seen()[0][SurvivalCounts.bucket(Math.log(0.4))]).isZero();
    assertThat(calibration.counts().expanded()[0]).isEqualTo(1);
  }

  @Test
  void countsOfOtherBinsAreRefusedAndFilesGiveBackWhatWasWritten(@TempDir Path directory)
      throws IOException {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SurvivalModel(BINS, 2, SurvivalCounts.empty(3, 2)))
        .withMessageContaining("calibrate again");
    SurvivalCounts counts = SurvivalCounts.empty(BINS.count(), 2);
    counts.node(1, Math.log(0.5), true);
    Path file = directory.resolve(SurvivalFile.NAME);
    new SurvivalFile("pair", counts).write(file);

    assertThat(SurvivalFile.read(file)).isEqualTo(new SurvivalFile("pair", counts));
  }
}
