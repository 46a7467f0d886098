package io.heterospec.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.EnvOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

class StateCheckTest {
  @TempDir Path directory;

  private Path table() throws RocksDBException, IOException {
    RocksDB.loadLibrary();
    Path table = Files.createDirectories(directory.resolve("0_0/rocksdb/pending")).resolve("1.sst");
    try (EnvOptions env = new EnvOptions();
        Options options = new Options();
        SstFileWriter writer = new SstFileWriter(env, options)) {
      writer.open(table.toString());
      for (int i = 0; i < 1000; i++) {
        writer.put("key%04d".formatted(i).getBytes(StandardCharsets.UTF_8), new byte[100]);
      }
      writer.finish();
    }
    return table;
  }

  @Test
  void wholeFilesAndNoFilesAreIntact() throws RocksDBException, IOException {
    assertThat(StateCheck.isIntact(directory.resolve("absent"))).isTrue();
    table();
    assertThat(StateCheck.isIntact(directory)).isTrue();
  }

  @Test
  void oneFlippedBitIsFound() throws RocksDBException, IOException {
    Path table = table();
    byte[] bytes = Files.readAllBytes(table);
    bytes[bytes.length / 3] ^= 1;
    Files.write(table, bytes);
    assertThat(StateCheck.isIntact(directory)).isFalse();
  }

  @Test
  void aFileCutShortIsFound() throws RocksDBException, IOException {
    Path table = table();
    Files.write(table, new byte[] {1, 2, 3});
    assertThat(StateCheck.isIntact(directory)).isFalse();
  }
}
