package io.heterospec.processor.model;

import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;

/**
 * Keys and values of one sequence in all layers of one network: a single tensor {@code (layers, 2,
 * 1, kvHeads, capacity, headDim)}, so that dropping and moving rows costs the same few operations
 * however many layers there are. Rows below {@link #length()} are true context; rows above it are
 * scratch space of the current cycle. Belongs to the device's thread.
 */
public final class KvCache implements AutoCloseable {
  /** Capacities are multiples of this many rows. */
  public static final int BLOCK_ROWS = 64;

  private final TorchDevice device;
  private final ScriptModule module;
  private final Tensor tensor;
  private final int capacity;
  private int length;

  KvCache(TorchDevice device, ScriptModule module, int layers, int rows) {
    this.device = device;
    this.module = module;
    this.capacity = Math.multiplyExact((rows + BLOCK_ROWS - 1) / BLOCK_ROWS, BLOCK_ROWS);
    try (Tensor like = device.floats(new float[] {0}, 1)) {
      this.tensor = module.call("allocate", like, layers, capacity).tensor();
    }
  }

  /** Rows of true context. */
  public int length() {
    return length;
  }

  /** Rows it has room for, scratch rows included. */
  public int capacity() {
    return capacity;
  }

  /** Declares that {@code rows} scratch rows right after the context are context now. */
  public void append(int rows) {
    requireRoom(rows);
    length += rows;
  }

  /**
   * Keeps some scratch rows as context, moved to follow it without a gap; the others are dropped.
   *
   * @param rows indices from the first scratch row, ascending
   * @param count how many of {@code rows} count
   */
  public void keep(int[] rows, int count) {
    int contiguous = 0;
    while (contiguous < count && rows[contiguous] == contiguous) {
      contiguous++;
    }
    if (contiguous < count) {
      long[] from = new long[count - contiguous];
      for (int i = 0; i < from.length; i++) {
        from[i] = (long) length + rows[contiguous + i];
      }
      try (Tensor source = device.longs(from, from.length)) {
        module.call("compact", tensor, source, length + contiguous).close();
      }
    }
    append(count);
  }

  Tensor tensor() {
    return tensor;
  }

  void requireRoom(int rows) {
    if (length + rows > capacity) {
      throw new IllegalStateException(
          "the cache holds %d rows; %d more do not fit in %d".formatted(length, rows, capacity));
    }
  }

  @Override
  public void close() {
    tensor.close();
  }
}
