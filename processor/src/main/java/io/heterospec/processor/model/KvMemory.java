package io.heterospec.processor.model;

import io.heterospec.processor.torch.ScriptModule;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * The caches of one network: pools of slots, a pool for each capacity, within a limit of bytes.
 * Capacities grow by thirds and halves, so a pass over sequences of many lengths meets few pools
 * and a slot wastes at most a third of itself. Belongs to the device's thread.
 */
public final class KvMemory implements AutoCloseable {
  /** Rows of the smallest slot. */
  public static final int BLOCK_ROWS = 64;

  private final LayerDevices devices;
  private final ScriptModule module;
  private final int kvHeads;
  private final long rowBytes;
  private final TreeMap<Integer, KvPool> pools = new TreeMap<>();
  private long limit = Long.MAX_VALUE;

  /**
   * @param rowBytes bytes of one row in all layers
   */
  KvMemory(LayerDevices devices, ScriptModule module, int kvHeads, long rowBytes) {
    this.devices = devices;
    this.module = module;
    this.kvHeads = kvHeads;
    this.rowBytes = rowBytes;
  }

  /**
   * Sets the most bytes that all pools together may take. A pool that grows or is compacted is
   * copied, and for that moment its old memory counts beside the new.
   */
  public void limit(long bytes) {
    limit = bytes;
  }

  /** Bytes of one row: keys and values of one token in all layers. */
  public long rowBytes() {
    return rowBytes;
  }

  /** Bytes of all pools, free slots included. */
  public long bytes() {
    return pools.values().stream().mapToLong(pool -> pool.slots() * slotBytes(pool)).sum();
  }

  /** Bytes that a cache with room for {@code rows} takes. */
  public long bytesFor(int rows) {
    return capacity(rows) * rowBytes;
  }

  /** Bytes of the open caches. */
  public long usedBytes() {
    return pools.values().stream().mapToLong(pool -> pool.taken() * slotBytes(pool)).sum();
  }

  /** Whether a cache with room for {@code rows} can be opened now. */
  public boolean fits(int rows) {
    return fits(rows, 0);
  }

  /** Whether it could be opened if caches of {@code released} bytes were closed. */
  public boolean fits(int rows, long released) {
    return bytesFor(rows) <= limit - usedBytes() + released;
  }

  /** Bytes that the pools must grow by before such a cache can be opened: 0 where one is free. */
  public long bytesToOpen(int rows) {
    KvPool pool = pools.get(capacity(rows));
    return pool == null || pool.isFull() ? bytesFor(rows) : 0;
  }

  /** The same as {@link #open(int, long)}, with all that the limit leaves to spare. */
  public KvCache open(int rows) {
    return open(rows, Long.MAX_VALUE);
  }

  /**
   * Opens an empty cache.
   *
   * @param spare bytes that the pools may grow by; they always grow by what they must
   * @throws IllegalStateException when it does not {@link #fits fit}
   */
  public KvCache open(int rows, long spare) {
    if (!fits(rows)) {
      throw new IllegalStateException(
          "a cache of %d rows does not fit in the limit of %d bytes".formatted(rows, limit));
    }
    int capacity = capacity(rows);
    KvPool pool = pools.get(capacity);
    if (pool == null || pool.isFull()) {
      makeRoom(capacity * rowBytes);
      if (pool == null) {
        pool = new KvPool(devices, module, kvHeads, capacity);
        pools.put(capacity, pool);
      } else if (pool.isFull()) {
        // Doubling: the copies cost no more than the rows that were ever written.
        long room = Math.min(limit - bytes(), spare) / slotBytes(pool);
        pool.grow((int) Math.max(1, Math.min(pool.slots(), room)));
      }
    }
    return new KvCache(devices, module, pool);
  }

  // To compact a pool copies it: no more of them than must be, those with the most to give first.
  private void makeRoom(long wanted) {
    if (bytes() + wanted > limit) {
      closeEmpty();
    }
    while (bytes() + wanted > limit) {
      Collections.max(pools.values(), Comparator.comparingLong(this::freeBytes)).compact();
    }
  }

  /**
   * Gives up memory that no open cache has, until it comes to {@code wanted} bytes; no pool is
   * compacted that would copy more than it gives up.
   *
   * @return bytes given up
   */
  public long giveBack(long wanted) {
    long before = bytes();
    closeEmpty();
    List<KvPool> byGain =
        pools.values().stream()
            .filter(pool -> pool.slots() - pool.taken() >= pool.taken())
            .sorted(Comparator.comparingLong(this::freeBytes).reversed())
            .toList();
    for (KvPool pool : byGain) {
      if (before - bytes() < wanted) {
        pool.compact();
      }
    }
    return before - bytes();
  }

  /** Gives up all memory that no open cache has. */
  public void trim() {
    closeEmpty(); // compaction needs memory itself
    pools.values().forEach(KvPool::compact);
  }

  private void closeEmpty() {
    pools
        .values()
        .removeIf(
            pool -> {
              if (pool.isEmpty()) {
                pool.close();
              }
              return pool.isEmpty();
            });
  }

  private long freeBytes(KvPool pool) {
    return (pool.slots() - pool.taken()) * slotBytes(pool);
  }

  private long slotBytes(KvPool pool) {
    return pool.capacity() * rowBytes;
  }

  // 64, 96, 128, 192, 256, …
  private static int capacity(int rows) {
    int capacity = BLOCK_ROWS;
    while (capacity < rows && capacity + capacity / 2 < rows) {
      capacity = Math.multiplyExact(capacity, 2);
    }
    return capacity < rows ? capacity + capacity / 2 : capacity;
  }

  @Override
  public void close() {
    pools.values().forEach(KvPool::close);
    pools.clear();
  }
}
