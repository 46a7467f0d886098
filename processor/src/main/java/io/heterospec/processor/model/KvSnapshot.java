package io.heterospec.processor.model;

import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.Tensor;

/**
 * Context rows of a cache, copied out of its pool: {@code (layers, 2, kvHeads, rows, headDim)} on
 * the device. It takes no more memory than its rows and leaves the slot to another sequence.
 * Belongs to the device's thread.
 */
public final class KvSnapshot implements AutoCloseable {
  private final ScriptModule module;
  private final Tensor tensor;
  private final int rows;

  KvSnapshot(ScriptModule module, Tensor tensor, int rows) {
    this.module = module;
    this.tensor = tensor;
    this.rows = rows;
  }

  /** Rows of context. */
  public int rows() {
    return rows;
  }

  Tensor tensor() {
    return tensor;
  }

  /** Rows as {@code (layers, 2, kvHeads, count, headDim)} values, copied from the device. */
  public byte[] read(int first, int count) {
    try (Tensor bytes = module.call("row_bytes", tensor, first, count).tensor()) {
      return bytes.toBytes();
    }
  }

  @Override
  public void close() {
    tensor.close();
  }
}
