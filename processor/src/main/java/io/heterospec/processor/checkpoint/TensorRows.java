package io.heterospec.processor.checkpoint;

import java.nio.ByteBuffer;

/**
 * A tensor to be written, made row by row so that a large one is never in memory.
 *
 * @param name name in the file
 * @param type element type
 * @param shape dimensions, at least one; a row is what the last of them counts
 * @param rows makes the rows
 */
public record TensorRows(String name, TensorType type, long[] shape, Rows rows) {

  /** The rows of a tensor. */
  @FunctionalInterface
  public interface Rows {
    /**
     * Makes one row.
     *
     * @param row its index, all leading dimensions counted together
     * @param into little-endian, of exactly the row's size, filled with zeros
     */
    void fill(long row, ByteBuffer into);
  }

  /** How many rows there are. */
  long count() {
    long count = 1;
    for (int i = 0; i < shape.length - 1; i++) {
      count = Math.multiplyExact(count, shape[i]);
    }
    return count;
  }

  /** Bytes of one row. */
  int rowBytes() {
    return Math.toIntExact(Math.multiplyExact(shape[shape.length - 1], type.bytes()));
  }

  /** Bytes of all rows. */
  long bytes() {
    return Math.multiplyExact(count(), rowBytes());
  }
}
