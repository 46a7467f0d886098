package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchArchiveTest {
  private static final String FILE = "pytorch_model.bin";

  @TempDir Path directory;

  private void isRefused(byte[] pickle, String... parts) throws IOException {
    Path file = PickleBytes.archive(directory.resolve(FILE), pickle, 64, false);
    assertThatThrownBy(() -> CheckpointTensors.open(directory).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContainingAll(parts);
  }

  /** A dictionary of one tensor. */
  private static byte[] saved(String storage, int offset, int size, int stride) {
    return new PickleBytes()
        .op('}', '(')
        .text("norm.weight")
        .tensor(storage, "0", offset, size, stride)
        .op('u', '.')
        .bytes();
  }

  @Test
  void aFileThatPythonsOwnPicklerWroteIsRead() throws IOException {
    // Written with Python's pickle and zipfile the way torch.save calls them: protocol 2, memo, a
    // persistent id for each storage, metadata as the state of the dictionary, data aligned to 64.
    try (InputStream in = TorchArchiveTest.class.getResourceAsStream("/python-pickle.bin")) {
      Files.copy(in, directory.resolve(FILE));
    }
    try (CheckpointTensors tensors = CheckpointTensors.open(directory)) {
      assertThat(tensors.names()).containsExactly("fc.weight", "norm.weight", "d2t", "t2d");
      assertThat(tensors.shape("fc.weight")).containsExactly(2, 3);
      assertThat(tensors.type("fc.weight")).isEqualTo(TensorType.F16);
      TensorData norm = tensors.read("norm.weight");
      assertThat(norm.bytes().asFloatBuffer().get(2)).isEqualTo(2.5f);
      assertThat(tensors.read("d2t").bytes().getLong(8)).isEqualTo(41);
      assertThat(tensors.type("t2d")).isEqualTo(TensorType.BOOL);
    }
  }

  @Test
  void whatIsWrittenIsReadAgainInWholeAndInShards() throws IOException {
    List<TensorRows> tensors =
        List.of(
            new TensorRows(
                "a", TensorType.F32, new long[] {3, 2}, (row, into) -> into.putFloat(row)),
            new TensorRows(
                "b", TensorType.I64, new long[] {2}, (row, into) -> into.putLong(-5).putLong(7)));
    for (WeightFormat format : WeightFormat.values()) {
      Path one = Files.createDirectories(directory.resolve(format.name()));
      format.write(one, tensors, 20, () -> {});
      try (CheckpointTensors read = CheckpointTensors.open(one)) {
        assertThat(read.names()).containsExactlyInAnyOrder("a", "b");
        assertThat(read.shape("a")).containsExactly(3, 2);
        assertThat(read.read("a").bytes().getFloat(16)).isEqualTo(2);
        assertThat(read.read("b").bytes().getLong(0)).isEqualTo(-5);
        assertThat(read.files()).hasSize(format.name().startsWith("SHARDED") ? 2 : 1);
      }
    }
  }

  @Test
  void aPickleThatImportsOsIsRefusedAndNothingIsRun() throws IOException {
    Path trace = directory.resolve("trace");
    byte[] attack =
        new PickleBytes().global("os", "system").text("touch " + trace).op(0x85, 'R', '.').bytes();
    isRefused(attack, "asks to run os.system", "nothing was run");
    assertThat(trace).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "builtins, eval",
    "posix, system",
    "subprocess, Popen",
    "torch, load",
    "torch.storage, _load_from_bytes",
    "collections, OrderedDict.__init__",
    "numpy.core.multiarray, _reconstruct"
  })
  void everyNameBeyondTensorsIsRefused(String module, String name) throws IOException {
    isRefused(new PickleBytes().global(module, name).bytes(), module + "." + name);
  }

  @Test
  void namesFromTheStackAndOfTheOldInstanceOpcodeAreNoWayAround() throws IOException {
    isRefused(
        new PickleBytes().text("os").text("system").op(0x93).bytes(), "asks to run os.system");
    byte[] instance = "(ios\nsystem\n.".getBytes(StandardCharsets.US_ASCII);
    isRefused(instance, "asks to run os.system");
    isRefused(
        new PickleBytes().global("torch", "FloatStorage").op(')', 0x81).bytes(), "opcode 0x81");
  }

  @Test
  void tensorsMustLieWithinTheirStorage() throws IOException {
    isRefused(saved("FloatStorage", 0, 17, 1), "norm.weight of 68 bytes in a storage of 64");
    isRefused(saved("FloatStorage", 16, 1, 1), "norm.weight of 4 bytes in a storage of 64");
    isRefused(saved("LongStorage", Integer.MAX_VALUE, 1, 1), "norm.weight");
    isRefused(saved("FloatStorage", -1, 1, 1), "no natural number");
    isRefused(saved("FloatStorage", 0, 4, 2), "not stored row by row");
    isRefused(saved("DoubleStorage", 0, 4, 1), "DoubleStorage", "F32");
  }

  @Test
  void sizesThatOverflowAreRefused() throws IOException {
    byte[] huge =
        new PickleBytes()
            .op('}', '(')
            .text("x")
            .global("torch._utils", "_rebuild_tensor_v2")
            .op('(', '(')
            .text("storage")
            .global("torch", "FloatStorage")
            .text("0")
            .op('t', 'Q')
            .number(0)
            .op('(', 0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x40)
            .number(8)
            .op('t', '(')
            .number(8)
            .number(1)
            .op('t', 't', 'R', 'u', '.')
            .bytes();
    isRefused(huge, "tensor x of an impossible size");
  }

  @Test
  void whatIsNoArchiveOfTensorsIsRefused() throws IOException {
    isRefused(new PickleBytes().op('}', '.').bytes(), "holds no tensors");
    isRefused(new PickleBytes().op('K', 1, '.').bytes(), "dictionary of tensors");
    isRefused(new PickleBytes().op('t').bytes(), "mark");
    isRefused(new byte[] {(byte) 0x80}, "data.pkl is truncated");
    Path file = directory.resolve(FILE);
    PickleBytes.archive(file, saved("FloatStorage", 0, 4, 1), 64, true);
    assertThatThrownBy(() -> CheckpointTensors.open(directory))
        .hasMessageContaining("compressed entry");
    PickleBytes.archive(file, saved("FloatStorage", 0, 4, 1), 64, false);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 30));
    assertThatThrownBy(() -> CheckpointTensors.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no zip archive");
    Files.write(file, new PickleBytes().global("os", "system").bytes());
    assertThatThrownBy(() -> CheckpointTensors.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no zip archive");
  }
}
