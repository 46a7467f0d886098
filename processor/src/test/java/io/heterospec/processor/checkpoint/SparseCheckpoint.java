package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checkpoints of any size whose bf16 weights are zeros and take no room on the disk. */
public final class SparseCheckpoint {
  private SparseCheckpoint() {}

  /** Writes what this config.json describes; a head proposes the first ids of the vocabulary. */
  public static void write(Path directory, String config) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("config.json"), config);
    // Zeros are a valid d2t, but t2d would contradict it.
    List<TensorRows> tensors =
        Fabrication.plan(directory, TensorType.BF16, 0).rows().stream()
            .filter(tensor -> !tensor.name().equals(DraftVocabulary.MASK))
            .toList();
    byte[] header = SafetensorsWriter.header(tensors);
    byte[] length =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array();
    try (RandomAccessFile file =
        new RandomAccessFile(directory.resolve("model.safetensors").toFile(), "rw")) {
      file.write(length);
      file.write(header);
      file.setLength(8L + header.length + tensors.stream().mapToLong(TensorRows::bytes).sum());
    }
  }
}
