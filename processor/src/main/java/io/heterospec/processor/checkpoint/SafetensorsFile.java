package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** One open safetensors file. */
record SafetensorsFile(Path file, FileChannel channel, SafetensorsHeader header)
    implements AutoCloseable {

  static SafetensorsFile open(Path file) {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      return new SafetensorsFile(file, channel, SafetensorsHeader.read(file, channel));
    } catch (NoSuchFileException e) {
      throw new CheckpointException(file + " is missing; download it", e);
    } catch (IOException e) {
      closeAfter(e, channel);
      throw new CheckpointException(file + " cannot be read: " + e.getMessage(), e);
    } catch (CheckpointException e) {
      closeAfter(e, channel);
      throw e;
    }
  }

  TensorData map(TensorEntry entry) {
    if (entry.bytes() > Integer.MAX_VALUE) {
      throw new CheckpointException(
          "%s: tensor %s has %d bytes, more than the 2 GiB one tensor may have; use a 16-bit checkpoint"
              .formatted(file, entry.name(), entry.bytes()));
    }
    try {
      ByteBuffer bytes =
          entry.bytes() == 0
              ? ByteBuffer.allocate(0).asReadOnlyBuffer()
              : channel.map(MapMode.READ_ONLY, header.dataStart() + entry.begin(), entry.bytes());
      return new TensorData(
          entry.name(),
          entry.type(),
          entry.shape().clone(),
          file,
          bytes.order(ByteOrder.LITTLE_ENDIAN));
    } catch (IOException e) {
      throw new CheckpointException(
          file + ": tensor " + entry.name() + " cannot be mapped: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static void closeAfter(Exception failure, FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }
}
