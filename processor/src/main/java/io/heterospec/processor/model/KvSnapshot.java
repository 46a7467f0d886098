package io.heterospec.processor.model;

import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Context rows of a cache, copied out of its pool: {@code (layers, 2, kvHeads, rows, headDim)},
 * each layer on its device. It takes no more memory than its rows and leaves the slot to another
 * sequence. Belongs to the device's thread.
 */
public final class KvSnapshot implements AutoCloseable {
  private final ScriptModule module;
  private final List<Tensor> tensors; // of each segment of the devices
  private final int rows;

  KvSnapshot(ScriptModule module, List<Tensor> tensors, int rows) {
    this.module = module;
    this.tensors = tensors;
    this.rows = rows;
  }

  /** Rows of context. */
  public int rows() {
    return rows;
  }

  List<Tensor> tensors() {
    return tensors;
  }

  /** Rows as {@code (layers, 2, kvHeads, count, headDim)} values, copied from the device. */
  public byte[] read(int first, int count) {
    List<byte[]> parts = new ArrayList<>();
    for (Tensor tensor : tensors) {
      try (Tensor bytes = module.call("row_bytes", tensor, first, count).tensor()) {
        parts.add(bytes.toBytes());
      }
    }
    return parts.size() == 1 ? parts.get(0) : joined(parts);
  }

  private static byte[] joined(List<byte[]> parts) {
    ByteBuffer whole = ByteBuffer.allocate(parts.stream().mapToInt(part -> part.length).sum());
    parts.forEach(whole::put);
    return whole.array();
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::close);
  }
}
