package io.heterospec.topology;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether local state can be trusted. RocksDB finds a damaged block only when it reads it, and
 * Kafka Streams takes an iterator that stops there for one at its end: pending work would seem to
 * be done. So the checksums of all table files are verified before the stores are opened.
 */
final class StateCheck {
  private static final Logger LOG = LoggerFactory.getLogger(StateCheck.class);

  static {
    RocksDB.loadLibrary();
  }

  private StateCheck() {}

  /**
   * Verifies every table file below a directory.
   *
   * @return false when one is damaged; true also when there is no such directory
   */
  static boolean isIntact(Path directory) {
    if (!Files.exists(directory)) {
      return true;
    }
    try (Stream<Path> files = Files.walk(directory);
        Options options = new Options()) {
      List<Path> tables = files.filter(file -> file.toString().endsWith(".sst")).toList();
      return tables.stream().allMatch(table -> isIntact(table, options));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isIntact(Path table, Options options) {
    try (SstFileReader reader = new SstFileReader(options)) {
      reader.open(table.toString());
      reader.verifyChecksum();
      return true;
    } catch (RocksDBException e) {
      LOG.warn("{} is damaged: {}", table, e.getMessage());
      return false;
    }
  }
}
