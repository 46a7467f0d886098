package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir Path directory;

  /** Random bytes, row by row. */
  private static TensorRows tensor(String name, TensorType type, long... shape) {
    return new TensorRows(
        name,
        type,
        shape,
        (row, into) -> {
          byte[] bytes = new byte[into.remaining()];
          new Random(name.hashCode() + row).nextBytes(bytes);
          into.put(bytes);
        });
  }

  private static byte[] bytes(TensorRows tensor) {
    ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
    for (long row = 0; row < tensor.count(); row++) {
      ByteBuffer one = ByteBuffer.allocate(tensor.rowBytes());
      tensor.rows().fill(row, one);
      all.put(one.array());
    }
    return all.array();
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    List<TensorRows> tensors =
        List.of(
            tensor("mask", TensorType.BOOL, 7),
            tensor("half", TensorType.BF16, 3, 5),
            tensor("offsets", TensorType.I64, 2),
            tensor("name with \"quotes\" and ü", TensorType.F32, 2, 3, 4),
            tensor("other half", TensorType.F16, 1, 1));
    List<String> written = new ArrayList<>();
    SafetensorsWriter.write(
        directory.resolve("model.safetensors"), tensors, () -> written.add("one"));
    assertThat(written).hasSize(tensors.size());
    try (CheckpointTensors file = CheckpointTensors.open(directory)) {
      assertThat(file.names()).hasSize(tensors.size());
      for (TensorRows tensor : tensors) {
        TensorData data = file.read(tensor.name());
        assertThat(data.type()).isEqualTo(tensor.type());
        assertThat(data.shape()).isEqualTo(tensor.shape());
        byte[] read = new byte[data.bytes().remaining()];
        data.bytes().get(read);
        assertThat(read).isEqualTo(bytes(tensor));
      }
    }
  }

  @Test
  void everyTensorIsAlignedToItsElementsAndThereAreNoGaps() throws IOException {
    Path file = directory.resolve("model.safetensors");
    SafetensorsWriter.write(
        file,
        List.of(
            tensor("a", TensorType.U8, 3),
            tensor("b", TensorType.BF16, 3),
            tensor("c", TensorType.I64, 1),
            tensor("d", TensorType.F32, 5)),
        () -> {});
    try (FileChannel channel = FileChannel.open(file)) {
      SafetensorsHeader header = SafetensorsHeader.read(file, channel);
      assertThat(header.dataStart() % 8).isZero();
      long end = 0;
      for (TensorEntry entry : header.entries()) {
        assertThat(entry.begin()).isEqualTo(end);
        assertThat(entry.begin() % entry.type().bytes()).isZero();
        end = entry.end();
      }
      assertThat(Files.size(file)).isEqualTo(header.dataStart() + end);
    }
  }

  @Test
  void rowsStartAsZeros() throws IOException {
    TensorRows.Rows firstOnly =
        (row, into) -> {
          if (row == 0) {
            into.put(0, (byte) 9);
          }
        };
    SafetensorsWriter.write(
        directory.resolve("model.safetensors"),
        List.of(new TensorRows("x", TensorType.U8, new long[] {2, 2}, firstOnly)),
        () -> {});
    try (CheckpointTensors file = CheckpointTensors.open(directory)) {
      byte[] read = new byte[4];
      file.read("x").bytes().get(read);
      assertThat(read).containsExactly(9, 0, 0, 0);
    }
  }

  @Test
  void anExistingFileIsNotTouched() throws IOException {
    Path file = Files.writeString(directory.resolve("model.safetensors"), "precious");
    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(), () -> {}))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(file).hasContent("precious");
  }
}
