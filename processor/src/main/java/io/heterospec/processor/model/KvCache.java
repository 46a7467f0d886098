package io.heterospec.processor.model;

import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Keys and values of one sequence in all layers of one network: a slot of a {@link KvPool}. Rows
 * below {@link #length()} are true context; rows above it are scratch space of the current cycle.
 * Belongs to the device's thread.
 */
public final class KvCache implements AutoCloseable {
  private final LayerDevices devices;
  private final ScriptModule module;
  private final KvPool pool;
  private int slot;
  private int length;
  private boolean closed;

  KvCache(LayerDevices devices, ScriptModule module, KvPool pool) {
    this.devices = devices;
    this.module = module;
    this.pool = pool;
    this.slot = pool.take(this);
  }

  /** Rows of true context. */
  public int length() {
    return length;
  }

  /** Rows it has room for, scratch rows included. */
  public int capacity() {
    return pool.capacity();
  }

  /** Declares that {@code rows} scratch rows right after the context are context now. */
  public void append(int rows) {
    requireRoom(rows);
    length += rows;
  }

  /** A copy of the first {@code rows} rows of context; the caller's to close. */
  public KvSnapshot snapshot(int rows) {
    Objects.checkIndex(rows - 1, length);
    List<Tensor> copies = new ArrayList<>();
    try {
      for (Tensor tensor : pool.tensors()) {
        copies.add(module.call("snapshot", tensor, slot, pool.capacity(), rows).tensor());
      }
      return new KvSnapshot(module, copies, rows);
    } catch (RuntimeException e) {
      copies.forEach(Tensor::close);
      throw e;
    }
  }

  /** Appends the first {@code rows} rows of a snapshot. */
  public void append(KvSnapshot snapshot, int rows) {
    Objects.checkIndex(rows - 1, snapshot.rows());
    requireRoom(rows);
    for (int segment = 0; segment < pool.tensors().size(); segment++) {
      Tensor from = snapshot.tensors().get(segment);
      Tensor into = pool.tensors().get(segment);
      module.call("restore", from, into, slot, pool.capacity(), length, rows).close();
    }
    length += rows;
  }

  /**
   * Appends the first {@code rows} of the rows that {@link KvSnapshot#read} gave.
   *
   * @param of how many rows {@code values} has
   */
  public void append(byte[] values, int of, int rows) {
    Objects.checkIndex(rows - 1, of);
    requireRoom(rows);
    int first = 0;
    for (int segment = 0; segment < pool.tensors().size(); segment++) {
      LayerDevices.Segment here = devices.segments().get(segment);
      int end = first + values.length / devices.layers() * here.layers();
      byte[] part = pool.tensors().size() == 1 ? values : Arrays.copyOfRange(values, first, end);
      first = end;
      Tensor into = pool.tensors().get(segment);
      try (Tensor bytes = here.device().bytes(part)) {
        module.call("write_bytes", bytes, of, into, slot, pool.capacity(), length, rows).close();
      }
    }
    length += rows;
  }

  /** Forgets the context from row {@code rows} on. */
  public void truncate(int rows) {
    length = Objects.checkIndex(rows, length + 1);
  }

  /**
   * Which scratch rows of a cache stay as context.
   *
   * @param cache the cache
   * @param rows indices from the first scratch row, ascending
   * @param count how many of {@code rows} count
   */
  public record Kept(KvCache cache, int[] rows, int count) {}

  /**
   * Keeps some scratch rows as context, moved to follow it without a gap; the others are dropped.
   * Rows of all layers and of all caches of a pool move in one operation.
   */
  public static void keep(List<Kept> kept) {
    List<KvCache> movers = new ArrayList<>();
    for (Kept each : kept) {
      if (movers.stream().noneMatch(mover -> mover.pool == each.cache.pool)) {
        movers.add(each.cache);
      }
    }
    for (KvCache mover : movers) {
      mover.move(kept);
    }
    for (Kept each : kept) {
      each.cache.append(each.count);
    }
  }

  private void move(List<Kept> kept) {
    List<long[]> moves = new ArrayList<>();
    for (Kept each : kept) {
      if (each.cache.pool == pool) {
        for (int i = 0; i < each.count; i++) {
          for (int head = 0; head < pool.kvHeads() && each.rows[i] != i; head++) {
            long first = pool.firstRow(each.cache.slot, head) + each.cache.length;
            moves.add(new long[] {first + each.rows[i], first + i});
          }
        }
      }
    }
    if (moves.isEmpty()) {
      return;
    }
    int count = moves.size();
    long[] fromTo = new long[2 * count];
    for (int i = 0; i < count; i++) {
      fromTo[i] = moves.get(i)[0];
      fromTo[count + i] = moves.get(i)[1];
    }
    for (int segment = 0; segment < pool.tensors().size(); segment++) {
      TorchDevice device = devices.segments().get(segment).device();
      try (Tensor rows = device.longs(fromTo, 2, count)) {
        module.call("move", pool.tensors().get(segment), rows).close();
      }
    }
  }

  KvPool pool() {
    return pool;
  }

  int slot() {
    return slot;
  }

  /** Follows a pool that moved its rows to another slot. */
  void moveTo(int newSlot) {
    slot = newSlot;
  }

  void requireRoom(int rows) {
    if (length + rows > pool.capacity()) {
      throw new IllegalStateException(
          "the cache holds %d rows; %d more do not fit in %d"
              .formatted(length, rows, pool.capacity()));
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      pool.release(slot);
    }
  }
}
