package io.heterospec.processor.model;

import io.heterospec.processor.torch.Tensor;

/**
 * The features of a pass {@code (rows, 3·hidden)}. Sequences that share the pass hold it together
 * until the head has read their rows; the last to let go releases it. Belongs to the device's
 * thread.
 */
public final class Features implements AutoCloseable {
  private final Tensor tensor;
  private final int rows;
  private int holders = 1;

  Features(Tensor tensor, int rows) {
    this.tensor = tensor;
    this.rows = rows;
  }

  /** Some rows of it, held until they are closed. */
  public Rows rows(int[] wanted, int count) {
    holders++;
    return new Rows(this, wanted, count);
  }

  /** Rows of a pass. */
  int count() {
    return rows;
  }

  Tensor tensor() {
    return tensor;
  }

  /** Values row by row, for comparison with a reference. */
  public float[] toFloats() {
    return tensor.toFloats();
  }

  @Override
  public void close() {
    if (--holders == 0) {
      tensor.close();
    }
  }

  /**
   * The features of a sequence's tokens, oldest first.
   *
   * @param of the pass
   * @param rows indices of the pass's rows
   * @param count how many of {@code rows} count
   */
  public record Rows(Features of, int[] rows, int count) implements AutoCloseable {
    @Override
    public void close() {
      of.close();
    }
  }
}
