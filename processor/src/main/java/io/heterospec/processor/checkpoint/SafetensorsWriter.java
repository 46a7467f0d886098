package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Writes a safetensors file with one row of one tensor in memory at a time.
 *
 * @see SafetensorsHeader
 */
public final class SafetensorsWriter {
  private static final int ALIGNMENT = 8;
  private static final int BUFFER_BYTES = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private SafetensorsWriter() {}

  /**
   * Writes a new file. The tensors with the widest elements come first, as in files of the
   * reference implementation: the format has no gaps, so this is what aligns every tensor.
   *
   * @param written called after each tensor
   * @throws IOException when it cannot be written, or exists
   */
  public static void write(Path file, List<TensorRows> tensors, Runnable written)
      throws IOException {
    List<TensorRows> ordered =
        tensors.stream()
            .sorted(Comparator.comparingInt((TensorRows t) -> t.type().bytes()).reversed())
            .toList();
    byte[] header = header(ordered);
    try (OutputStream out =
        new BufferedOutputStream(
            Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            BUFFER_BYTES)) {
      out.write(littleEndian(new byte[Long.BYTES]).putLong(header.length).array());
      out.write(header);
      for (TensorRows tensor : ordered) {
        writeRows(out, tensor);
        written.run();
      }
    }
  }

  static void writeRows(OutputStream out, TensorRows tensor) throws IOException {
    byte[] row = new byte[tensor.rowBytes()];
    long count = tensor.count();
    for (long i = 0; i < count; i++) {
      Arrays.fill(row, (byte) 0);
      tensor.rows().fill(i, littleEndian(row));
      out.write(row);
    }
  }

  /** The JSON that describes tensors that follow one another in this order. */
  static byte[] header(List<TensorRows> tensors) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    // Hugging Face's loader refuses files that do not say which framework their layout is of.
    header.putObject("__metadata__").put("format", "pt");
    long begin = 0;
    for (TensorRows tensor : tensors) {
      long end = Math.addExact(begin, tensor.bytes());
      ObjectNode entry = header.putObject(tensor.name()).put("dtype", tensor.type().name());
      Arrays.stream(tensor.shape()).forEach(entry.putArray("shape")::add);
      entry.putArray("data_offsets").add(begin).add(end);
      begin = end;
    }
    byte[] json = JSON.writeValueAsBytes(header);
    byte[] padded = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
