package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostTableTest {
  private static final double EXACT = 1e-12;

  private static CostTable table(double[][] verify, double[][] lone) {
    return new CostTable(
        "device",
        new int[] {1, 4},
        new int[] {1, 5},
        verify,
        lone,
        new double[][] {{1, 2}, {2, 4}},
        new double[] {1, 3},
        0.25);
  }

  private static CostTable table() {
    return table(new double[][] {{10, 14}, {16, 40}}, new double[][] {{10, 14}, {16, 28}});
  }

  @Test
  void costsLieOnLinesBetweenMeasuredPointsAndGoOnBeyondThem() {
    CostTable costs = table();

    assertThat(costs.verifyMs(1, 3)).isCloseTo(12, within(EXACT));
    assertThat(costs.verifyMs(1, 9)).isCloseTo(18, within(EXACT));
    assertThat(costs.verifyMs(4, 12)).isCloseTo(28, within(EXACT));
    assertThat(costs.verifyMs(2, 2)).isCloseTo(12, within(EXACT));
    assertThat(costs.verifyMs(7, 7)).isCloseTo(22, within(EXACT));
    assertThat(costs.levelMs(1, 3)).isCloseTo(1.5, within(EXACT));
    assertThat(costs.extendMs(0)).isZero();
    assertThat(costs.extendMs(1)).isCloseTo(1, within(EXACT));
    assertThat(costs.extendMs(4)).isCloseTo(3, within(EXACT));
    assertThat(costs.readMs(2)).isZero();
    assertThat(costs.readMs(102)).isCloseTo(25, within(EXACT));
  }

  @Test
  void theNextMeasuredNumberOfSequencesIsThatOfTheSmallestRatio() {
    CostTable costs = table();

    assertThat(List.of(costs.measured(1), costs.measured(2))).containsOnly(0);
    assertThat(List.of(costs.measured(3), costs.measured(4), costs.measured(9))).containsOnly(1);
  }

  @Test
  void aTreeAmongSingleRowsCostsMoreThanItsRowsAndLessThanTreesForAll() {
    CostTable costs = table();

    assertThat(costs.verifyMs(4, 8, 5)).isCloseTo(28, within(EXACT));
    assertThat(costs.verifyMs(4, 14, 5)).isCloseTo(34, within(EXACT));
    assertThat(costs.verifyMs(4, 20, 5)).isCloseTo(40, within(EXACT));
    assertThat(costs.verifyMs(4, 4, 1)).isCloseTo(16, within(EXACT));
  }

  @Test
  void aDisturbedMeasurementIsLoweredToThoseOfLargerPasses() {
    CostTable costs =
        table(new double[][] {{90, 14}, {16, 40}}, new double[][] {{10, 14}, {16, 28}});

    assertThat(costs.verifyMs(1, 1)).isCloseTo(14, within(EXACT));
  }

  @Test
  void aFurtherRowCostsTheSlopeOfTheHullNotThatOfASingleStep() {
    double[][] steps = {{10, 10, 14, 14, 18}};
    CostTable costs =
        new CostTable(
            "device",
            new int[] {1},
            new int[] {1, 2, 3, 5, 9},
            steps,
            steps,
            steps,
            new double[] {1},
            0);

    assertThat(costs.rowMs(1, 1)).isCloseTo(0, within(EXACT));
    assertThat(costs.rowMs(1, 2)).isCloseTo(8 / 7.0, within(EXACT));
    assertThat(costs.rowMs(1, 40)).isCloseTo(8 / 7.0, within(EXACT));
  }

  @Test
  void contradictoryTablesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table(new double[][] {{10, 14}}, new double[][] {{10, 14}, {16, 28}}))
        .withMessageContaining("verify has 1 lines instead of 2");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> table(new double[][] {{10, 0}, {16, 40}}, new double[][] {{10, 14}, {16, 28}}))
        .withMessageContaining("verify holds a cost of 0.0");
  }

  @Test
  void aFileGivesBackWhatWasWritten(@TempDir Path directory) throws IOException {
    Path file = directory.resolve(CostTableFile.name("gpu:0", "bf16"));

    CostTableFile.write(file, table());

    assertThat(file).hasFileName("cost-table-gpu0-bf16.json");
    assertThat(CostTableFile.read(file)).isEqualTo(table());
    Files.writeString(file, "{\"device\":\"x\"}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CostTableFile.read(file))
        .withMessageContaining(file.toString());
  }
}
