package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.CostTableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostMeterTest {
  @TempDir Path draft;

  private CostTable open(Path file) throws IOException {
    EngineOptions options = EngineOptions.of(SharedFixtures.demoTarget(), draft).withThreads(1);
    try (TorchEngine engine = TorchEngine.open(options)) {
      assertThat(engine.modes()).contains("budgeted");
      assertThat(file).exists();
      return CostTableFile.read(file);
    }
  }

  @Test
  void costsAreMeasuredOnceForTheSameConditionsAndAgainForOthers() throws IOException {
    for (String name : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(SharedFixtures.demoDraft().resolve(name), draft.resolve(name));
    }
    Path file;
    try (TorchEngine engine =
        TorchEngine.open(
            EngineOptions.of(SharedFixtures.demoTarget(), draft)
                .withThreads(1)
                .withCosts(TestCosts.cheap()))) {
      file = draft.resolve(CostTableFile.name("cpu", engine.dtype().label()));
      assertThat(file).doesNotExist();
    }
    CostTable measured = open(file);
    assertThat(measured.verifyMs(1, 1)).isPositive();
    assertThat(measured.verifyMs(1, 17)).isGreaterThanOrEqualTo(measured.verifyMs(1, 1));
    assertThat(measured.verifyMs(16, 16)).isGreaterThanOrEqualTo(measured.verifyMs(1, 1));
    assertThat(measured.readMs(200)).isPositive();

    assertThat(open(file)).isEqualTo(measured);

    String stored = Files.readString(file);
    Files.writeString(file, stored.replace("1 threads", "3 threads"));
    assertThat(open(file).device()).isEqualTo(measured.device());
    Files.writeString(file, "damaged");
    assertThat(open(file).device()).isEqualTo(measured.device());
  }

  @Test
  void whatIsTooSlowToMeasureGrowsWithItsRows() {
    double[][] verify = new double[5][6];
    double[][] lone = new double[5][6];
    double[][] level = new double[5][6];
    double[] extend = new double[5];
    Arrays.fill(verify[0], 100);
    Arrays.fill(lone[0], 100);
    Arrays.fill(level[0], 8);
    extend[0] = 10;
    CostMeter.extrapolate(1, verify, lone, level, extend);
    // 1, 2, 4, 8 and 16 sequences; of a lone tree of 17 rows only the others' single rows are new.
    assertThat(verify[4][5]).isEqualTo(1600);
    assertThat(lone[4][5]).isCloseTo(100 * 32 / 17.0, within(1e-9));
    assertThat(lone[4][0]).isCloseTo(1600, within(1e-9));
    assertThat(level[2][3]).isEqualTo(32);
    assertThat(extend).containsExactly(10, 20, 40, 80, 160);
  }
}
