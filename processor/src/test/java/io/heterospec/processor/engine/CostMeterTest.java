package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.CostTableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    assertThat(measured.verifyMs(1, 17)).isGreaterThan(measured.verifyMs(1, 1));
    assertThat(measured.verifyMs(16, 16)).isGreaterThan(measured.verifyMs(1, 1));

    assertThat(open(file)).isEqualTo(measured);

    String stored = Files.readString(file);
    Files.writeString(file, stored.replace("1 threads", "3 threads"));
    assertThat(open(file).device()).isEqualTo(measured.device());
    Files.writeString(file, "damaged");
    assertThat(open(file).device()).isEqualTo(measured.device());
  }
}
