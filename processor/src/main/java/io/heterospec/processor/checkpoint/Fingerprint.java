package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells checkpoints apart cheaply: SHA-256 over each directory's config.json and, for each of its
 * files of weights, the name, the size, the header and samples of the data. A file of at most
 * {@value #SAMPLES} blocks of {@value #BLOCK_BYTES} bytes is read whole; of a larger one, that many
 * blocks spread evenly from its first byte to its last are read. Training or converting a model
 * changes every block; a change of single weights of a large file may go unnoticed.
 */
public final class Fingerprint {
  private static final int BLOCK_BYTES = 64 * 1024;
  private static final int SAMPLES = 256;
  private static final int HASH_BYTES = 16;

  private Fingerprint() {}

  /**
   * The fingerprint of one or more model directories, in their order.
   *
   * @return 32 hexadecimal digits
   * @throws CheckpointException when a directory cannot be read
   */
  public static String of(Path... directories) {
    MessageDigest digest = sha256();
    for (Path directory : directories) {
      try {
        addFile(digest, directory.resolve("config.json"));
        for (Path file : weights(directory)) {
          digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
          addSamples(digest, file);
        }
      } catch (IOException e) {
        throw new CheckpointException(directory + " cannot be read: " + e.getMessage(), e);
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, HASH_BYTES);
  }

  // Whatever is there: this also names directories that no model could be loaded from.
  private static List<Path> weights(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      List<Path> files = entries.filter(Files::isRegularFile).sorted().toList();
      List<Path> safetensors = files.stream().filter(f -> named(f, ".safetensors")).toList();
      return safetensors.isEmpty()
          ? files.stream().filter(f -> named(f, ".bin")).toList()
          : safetensors;
    }
  }

  private static boolean named(Path file, String ending) {
    return file.getFileName().toString().endsWith(ending);
  }

  private static void addFile(MessageDigest digest, Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    addLong(digest, bytes.length);
    digest.update(bytes);
  }

  private static void addSamples(MessageDigest digest, Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      addLong(digest, size);
      if (named(file, ".safetensors")) {
        digest.update(SafetensorsHeader.read(file, channel).json());
      }
      long blocks = Math.min(SAMPLES, (size + BLOCK_BYTES - 1) / BLOCK_BYTES);
      long last = Math.max(0, size - BLOCK_BYTES);
      ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
      for (long i = 0; i < blocks; i++) {
        // In a file of at most SAMPLES blocks neighbours touch or overlap, so nothing is left out.
        long position = blocks == 1 ? 0 : Math.multiplyExact(last, i) / (blocks - 1);
        block.clear();
        while (block.hasRemaining() && channel.read(block, position + block.position()) >= 0) {
          // until the block is full or the file ends
        }
        digest.update(block.flip());
      }
    }
  }

  private static void addLong(MessageDigest digest, long value) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, value));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }
}
