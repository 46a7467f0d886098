package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.archivers.zip.ZipMethod;

/**
 * A file of {@code torch.save}: a zip of {@code data.pkl}, which names the tensors, and of one
 * stored entry for each storage. Only {@link TensorPickle} reads the pickle, so nothing in it is
 * ever run.
 */
final class TorchArchive {
  private static final String PICKLE = "/data.pkl";
  private static final int MAX_PICKLE_BYTES = 64 << 20;

  private TorchArchive() {}

  /**
   * Where the tensors of a file lie, as absolute offsets.
   *
   * @param channel the open file; stays the caller's
   */
  static List<TensorEntry> read(Path file, FileChannel channel) throws IOException {
    Map<String, ZipArchiveEntry> entries = entries(file, channel);
    String pickle =
        entries.keySet().stream()
            .filter(name -> name.endsWith(PICKLE))
            .findFirst()
            .orElseThrow(() -> broken(file, "holds no data.pkl"));
    String root = pickle.substring(0, pickle.length() - PICKLE.length());
    requireLittleEndian(file, channel, entries.get(root + "/byteorder"));
    byte[] bytes = bytes(file, channel, entries.get(pickle), MAX_PICKLE_BYTES);
    List<TensorEntry> tensors = new ArrayList<>();
    for (PickledTensor tensor : new TensorPickle(file, bytes).read()) {
      ZipArchiveEntry storage = entries.get(root + "/data/" + tensor.storageKey());
      if (storage == null) {
        throw broken(
            file,
            "lacks the data of tensor " + tensor.name() + " (entry " + tensor.storageKey() + ")");
      }
      tensors.add(entry(file, channel, tensor, storage));
    }
    return List.copyOf(tensors);
  }

  private static Map<String, ZipArchiveEntry> entries(Path file, FileChannel channel)
      throws IOException {
    Map<String, ZipArchiveEntry> entries = new HashMap<>();
    try (ZipFile zip = ZipFile.builder().setSeekableByteChannel(new Uncloseable(channel)).get()) {
      zip.getEntries().asIterator().forEachRemaining(entry -> entries.put(entry.getName(), entry));
    } catch (IOException | RuntimeException e) {
      // The library meets a damaged directory with exceptions of many kinds.
      throw new CheckpointException(
          file
              + " is no zip archive as torch.save writes it ("
              + e.getMessage()
              + "); download it again, or save it with a newer PyTorch or as safetensors",
          e);
    }
    return entries;
  }

  private static TensorEntry entry(
      Path file, FileChannel channel, PickledTensor tensor, ZipArchiveEntry storage)
      throws IOException {
    long start = requireStored(file, channel, storage);
    long first;
    long end;
    try {
      long width = tensor.type().bytes();
      first = Math.multiplyExact(tensor.storageOffset(), width);
      end = Math.addExact(first, Math.multiplyExact(tensor.elements(), width));
    } catch (ArithmeticException e) {
      throw new CheckpointException(
          file + " has tensor " + tensor.name() + " of an impossible size; download it again", e);
    }
    if (end > storage.getSize()) {
      throw broken(
          file,
          "has tensor %s of %d bytes in a storage of %d"
              .formatted(tensor.name(), end - first, storage.getSize()));
    }
    return new TensorEntry(
        tensor.name(), tensor.type(), tensor.shape(), start + first, start + end);
  }

  private static long requireStored(Path file, FileChannel channel, ZipArchiveEntry entry)
      throws IOException {
    if (entry.getMethod() != ZipMethod.STORED.getCode()
        || entry.getCompressedSize() != entry.getSize()) {
      throw broken(file, "has the compressed entry " + entry.getName());
    }
    long start = entry.getDataOffset();
    if (start < 0 || entry.getSize() < 0 || start > channel.size() - entry.getSize()) {
      throw broken(file, "is truncated: its entry " + entry.getName() + " is cut off");
    }
    return start;
  }

  private static byte[] bytes(Path file, FileChannel channel, ZipArchiveEntry entry, int limit)
      throws IOException {
    long start = requireStored(file, channel, entry);
    if (entry.getSize() > limit) {
      throw broken(file, "has %s of %d bytes".formatted(entry.getName(), entry.getSize()));
    }
    ByteBuffer buffer = ByteBuffer.allocate((int) entry.getSize());
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, start + buffer.position()) < 0) {
        throw new IOException("the file became shorter while it was read");
      }
    }
    return buffer.array();
  }

  private static void requireLittleEndian(Path file, FileChannel channel, ZipArchiveEntry order)
      throws IOException {
    if (order != null) {
      String name = new String(bytes(file, channel, order, 64), StandardCharsets.US_ASCII);
      if (!name.strip().equals("little")) {
        throw new CheckpointException(
            file + " was saved on a " + name.strip() + "-endian machine; save it as safetensors");
      }
    }
  }

  private static CheckpointException broken(Path file, String what) {
    return new CheckpointException(file + " " + what + "; download it again");
  }
}
