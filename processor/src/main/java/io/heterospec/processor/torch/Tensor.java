package io.heterospec.processor.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;

/**
 * A tensor outside Java, as scripts take and return it. Closing it gives up this reference; scripts
 * that keep the tensor have their own.
 */
public final class Tensor implements AutoCloseable {
  private final PtNDManager manager;
  private final IValue value;
  // On a CPU a tensor made from Java values borrows their buffer, which only this array keeps
  // alive.
  private final PtNDArray borrowed;

  /** A tensor that owns its memory. */
  Tensor(PtNDManager manager, IValue value) {
    this.manager = manager;
    this.value = value;
    this.borrowed = null;
  }

  /** A tensor made from Java values; scripts must copy it to keep it. */
  Tensor(PtNDManager manager, PtNDArray array) {
    this.manager = manager;
    this.value = IValue.from(array);
    this.borrowed = array;
  }

  IValue value() {
    return value;
  }

  PtNDArray array() {
    return value.toTensor(manager);
  }

  /** Elements of an fp32 tensor in row-major order, copied from the device. */
  public float[] toFloats() {
    try (PtNDArray array = array()) {
      return array.toFloatArray();
    }
  }

  /** Elements of an int64 tensor in row-major order, copied from the device. */
  public long[] toLongs() {
    try (PtNDArray array = array()) {
      return array.toLongArray();
    }
  }

  /** Elements of a uint8 tensor, copied from the device. */
  public byte[] toBytes() {
    try (PtNDArray array = array()) {
      return array.toByteArray();
    }
  }

  @Override
  public void close() {
    value.close();
    if (borrowed != null) {
      borrowed.close();
    }
  }
}
