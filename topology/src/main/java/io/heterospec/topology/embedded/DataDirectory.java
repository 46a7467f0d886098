package io.heterospec.topology.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A directory that one process at a time keeps its data in. Held by a lock that the operating
 * system drops with the process, however that ends. Nothing in it is ever deleted.
 */
final class DataDirectory implements AutoCloseable {

  private static final String LOCK = "heterospec.lock";
  // What formatting writes before meta.properties, its last file.
  private static final Set<String> HALF_FORMATTED =
      Set.of("bootstrap.checkpoint", "__cluster_metadata-0");

  private final Path path;
  private final FileChannel lock;

  private DataDirectory(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Creates the directory where it is missing, and locks it.
   *
   * @throws UnusableResourceException when it cannot be written or another process has it
   */
  static DataDirectory lock(Path path) {
    FileChannel channel = null;
    try {
      Files.createDirectories(path.resolve("kafka"));
      channel =
          FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock held = channel.tryLock();
      if (held == null) {
        channel.close();
        throw inUse(path, null);
      }
      return new DataDirectory(path, channel);
    } catch (OverlappingFileLockException e) {
      closeQuietly(channel, e);
      throw inUse(path, e);
    } catch (IOException e) {
      closeQuietly(channel, e);
      throw unusable(path, e);
    }
  }

  /** The absolute directory of the broker's logs, inside this one. */
  Path brokerLogs() {
    return path.resolve("kafka").toAbsolutePath();
  }

  /**
   * Whether the broker's directory is already formatted.
   *
   * @throws UnusableResourceException when it holds files that are not a broker's
   */
  boolean isFormatted() {
    try (Stream<Path> entries = Files.list(brokerLogs())) {
      Set<String> names =
          entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toSet());
      if (names.contains("meta.properties")) {
        return true;
      }
      names.removeAll(HALF_FORMATTED);
      if (!names.isEmpty()) {
        throw new UnusableResourceException(
            "The directory %s holds files that are not a broker's; choose another data directory"
                .formatted(brokerLogs()));
      }
      return false;
    } catch (IOException e) {
      throw unusable(brokerLogs(), e);
    }
  }

  @Override
  public void close() {
    // Closing the channel releases the lock; the file stays, or a third process could lock a new
    // one.
    try {
      lock.close();
    } catch (IOException e) {
      throw new UncheckedIOException("The lock of %s cannot be released".formatted(path), e);
    }
  }

  private static void closeQuietly(FileChannel channel, Exception primary) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        primary.addSuppressed(e);
      }
    }
  }

  private static UnusableResourceException unusable(Path path, IOException cause) {
    return new UnusableResourceException(
        "The data directory %s cannot be used (%s); choose another"
            .formatted(path, cause.getClass().getSimpleName()),
        cause);
  }

  private static UnusableResourceException inUse(Path path, Throwable cause) {
    return new UnusableResourceException(
        "The data directory %s is in use by another process; stop that one or choose another"
            .formatted(path),
        cause);
  }
}
