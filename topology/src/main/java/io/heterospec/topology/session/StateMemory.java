package io.heterospec.topology.session;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * The memory that all RocksDB stores of an application share. Left to itself every store of every
 * task may take 50 MiB to read and 48 MiB to write: with five stores and some tasks that is more
 * than a small model.
 *
 * <p>It reaches the stores as a value of the Kafka Streams settings, under {@link #KEY}. To be
 * closed after them.
 */
public final class StateMemory implements AutoCloseable {
  /** Where the settings hold the object. */
  public static final String KEY = "heterospec.state.memory";

  private static final int NO_SHARD_BITS = -1; // RocksDB chooses
  private static final long WRITE_BUFFER_BYTES = 4 << 20;
  private static final int MOST_WRITE_BUFFERS = 2;

  static {
    RocksDB.loadLibrary();
  }

  private final Cache cache;
  private final WriteBufferManager writeBuffers;

  /**
   * @param bytes for everything; half of it may be what is not written to files yet
   */
  public StateMemory(long bytes) {
    cache = new LRUCache(bytes, NO_SHARD_BITS, false);
    writeBuffers = new WriteBufferManager(bytes / 2, cache);
  }

  /** Gives stores their part; named in the settings, as Kafka Streams makes one for each store. */
  public static final class Sharing implements RocksDBConfigSetter {
    @Override
    public void setConfig(String store, Options options, Map<String, Object> settings) {
      if (settings.get(KEY) instanceof StateMemory memory) {
        memory.applyTo(options);
      }
    }

    @Override
    public void close(String store, Options options) {
      // Nothing is the store's own.
    }
  }

  private void applyTo(Options options) {
    BlockBasedTableConfig tables = (BlockBasedTableConfig) options.tableFormatConfig();
    tables.setBlockCache(cache);
    tables.setCacheIndexAndFilterBlocks(true); // else they would come on top
    options.setTableFormatConfig(tables);
    options.setWriteBufferManager(writeBuffers);
    options.setWriteBufferSize(WRITE_BUFFER_BYTES);
    options.setMaxWriteBufferNumber(MOST_WRITE_BUFFERS);
  }

  /** Bytes in use, for reading and writing. */
  long used() {
    return cache.getUsage();
  }

  @Override
  public void close() {
    writeBuffers.close();
    cache.close();
  }
}
