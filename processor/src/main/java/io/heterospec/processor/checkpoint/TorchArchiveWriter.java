package io.heterospec.processor.checkpoint;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/**
 * Writes a state dictionary as {@code torch.save} does, with one row of one tensor in memory at a
 * time.
 *
 * @see TorchArchive
 */
final class TorchArchiveWriter {
  private static final String ROOT = "archive/";
  private static final int BUFFER_BYTES = 1 << 20;

  private TorchArchiveWriter() {}

  /**
   * Writes a new file.
   *
   * @param written called after each tensor
   * @throws IOException when it cannot be written, or exists
   */
  static void write(Path file, List<TensorRows> tensors, Runnable written) throws IOException {
    try (ZipArchiveOutputStream zip =
        new ZipArchiveOutputStream(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.READ)) {
      zip.setMethod(ZipEntry.STORED);
      zip.setUseZip64(Zip64Mode.AsNeeded);
      put(zip, "data.pkl", TensorPickler.pickle(tensors));
      put(zip, "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
      for (int i = 0; i < tensors.size(); i++) {
        TensorRows tensor = tensors.get(i);
        open(zip, "data/" + i, tensor.bytes());
        OutputStream out = new BufferedOutputStream(zip, BUFFER_BYTES);
        SafetensorsWriter.writeRows(out, tensor);
        out.flush();
        zip.closeArchiveEntry();
        written.run();
      }
      put(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static void put(ZipArchiveOutputStream zip, String name, byte[] content)
      throws IOException {
    open(zip, name, content.length);
    zip.write(content);
    zip.closeArchiveEntry();
  }

  private static void open(ZipArchiveOutputStream zip, String name, long bytes) throws IOException {
    ZipArchiveEntry entry = new ZipArchiveEntry(ROOT + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes);
    entry.setTime(0);
    zip.putArchiveEntry(entry);
  }
}
