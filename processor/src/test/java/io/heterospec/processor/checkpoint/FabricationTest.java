package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.SharedFixtures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fabricated checkpoints of the demo pair's shapes. */
class FabricationTest {
  private static final String PROJECTION = "model.layers.3.mlp.down_proj.weight";

  @TempDir Path directory;

  private Path target(String name, TensorType type, long seed) throws IOException {
    Path out = directory.resolve(name);
    Fabrication.plan(SharedFixtures.demoTarget(), type, seed)
        .write(out, WeightFormat.SAFETENSORS, 1, () -> {});
    return out;
  }

  private static ByteBuffer read(Path directory, String tensor) {
    try (CheckpointTensors tensors = CheckpointTensors.open(directory)) {
      return tensors.read(tensor).bytes();
    }
  }

  @Test
  void aPairOfTheOriginalsShapesFitsTogether() throws IOException {
    Path target = target("target", TensorType.BF16, 1);
    Fabrication head = Fabrication.plan(SharedFixtures.demoDraft(), TensorType.F16, 1);
    Path draft = directory.resolve("draft");
    head.write(draft, WeightFormat.SHARDED_PICKLED, 1 << 20, () -> {});
    assertThat(CheckpointSummary.of(target).problems()).isEmpty();
    assertThat(CheckpointSummary.of(target).parameters())
        .isEqualTo(CheckpointSummary.of(SharedFixtures.demoTarget()).parameters());
    assertThat(CheckpointSummary.of(draft, target).problems()).isEmpty();
    try (CheckpointTensors tensors = CheckpointTensors.open(draft)) {
      assertThat(tensors.byteCount()).isEqualTo(head.bytes());
      assertThat(tensors.files()).hasSizeGreaterThan(1);
    }
  }

  @Test
  void theSeedDecidesTheValuesAndTheTypeOnlyTheirRounding() throws IOException {
    ByteBuffer first = read(target("a", TensorType.F32, 1), PROJECTION);
    assertThat(read(target("b", TensorType.F32, 1), PROJECTION)).isEqualTo(first);
    assertThat(read(target("c", TensorType.F32, 2), PROJECTION)).isNotEqualTo(first);
    ByteBuffer rounded = read(target("d", TensorType.BF16, 1), PROJECTION);
    double squares = 0;
    int count = rounded.remaining() / 2;
    for (int i = 0; i < count; i++) {
      float value = Float.intBitsToFloat(rounded.getShort(2 * i) << 16);
      float exact = first.getFloat(4 * i);
      assertThat(Math.abs(value - exact)).isLessThanOrEqualTo(Math.abs(exact) / 256);
      squares += (double) exact * exact;
    }
    // A product of so many columns keeps the size of its input.
    long columns = 704;
    assertThat(squares / count * columns).isBetween(0.98, 1.02);
  }

  @Test
  void filesThatExistAreNotTouched() throws IOException {
    Path out = target("target", TensorType.BF16, 1);
    assertThatThrownBy(() -> target("target", TensorType.BF16, 2))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(CheckpointSummary.of(out).runnable()).isTrue();
  }
}
