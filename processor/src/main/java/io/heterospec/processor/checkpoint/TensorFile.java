package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * One open file of tensors.
 *
 * @param dataStart where in the file the offsets of the entries count from
 * @param entries the tensors
 */
record TensorFile(Path file, FileChannel channel, long dataStart, List<TensorEntry> entries)
    implements AutoCloseable {
  private static final String PICKLED = ".bin";

  /** Opens a safetensors file, or a file of {@code torch.save} if its name ends with .bin. */
  static TensorFile open(Path file) {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      if (file.getFileName().toString().endsWith(PICKLED)) {
        return new TensorFile(file, channel, 0, TorchArchive.read(file, channel));
      }
      SafetensorsHeader header = SafetensorsHeader.read(file, channel);
      return new TensorFile(file, channel, header.dataStart(), header.entries());
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
          "%s: tensor %s has %d bytes, more than the 2 GiB that can be mapped at once; use a 16-bit checkpoint"
              .formatted(file, entry.name(), entry.bytes()));
    }
    try {
      ByteBuffer bytes =
          entry.bytes() == 0
              ? ByteBuffer.allocate(0).asReadOnlyBuffer()
              : channel.map(MapMode.READ_ONLY, dataStart + entry.begin(), entry.bytes());
      return new TensorData(
          entry.name(),
          entry.type(),
          entry.shape().clone(),
          file,
          bytes.order(ByteOrder.LITTLE_ENDIAN));
    } catch (IOException e) {
      throw unreadable(entry, e);
    }
  }

  /** Fills a buffer with the bytes of a tensor from {@code offset} on. */
  void read(TensorEntry entry, long offset, ByteBuffer into) {
    long position = dataStart + entry.begin() + offset;
    try {
      while (into.hasRemaining()) {
        int count = channel.read(into, position);
        if (count < 0) {
          throw new IOException("the file became shorter while it was read");
        }
        position += count;
      }
    } catch (IOException e) {
      throw unreadable(entry, e);
    }
  }

  private CheckpointException unreadable(TensorEntry entry, IOException e) {
    return new CheckpointException(
        file + ": tensor " + entry.name() + " cannot be read: " + e.getMessage(), e);
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
