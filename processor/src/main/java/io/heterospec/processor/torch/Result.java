package io.heterospec.processor.torch;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;

/** What a script returned: read it by exactly one of these methods. */
public final class Result {
  private final PtNDManager manager;
  private final IValue value;

  Result(PtNDManager manager, IValue value) {
    this.manager = manager;
    this.value = value;
  }

  /** A single tensor, the caller's to close. */
  public Tensor tensor() {
    return new Tensor(manager, value);
  }

  /** A tuple of tensors, the caller's to close. */
  public Tensor[] tensors() {
    IValue[] parts = value.toIValueTuple();
    value.close();
    Tensor[] tensors = new Tensor[parts.length];
    for (int i = 0; i < parts.length; i++) {
      tensors[i] = new Tensor(manager, parts[i]);
    }
    return tensors;
  }

  /** A float. */
  public double number() {
    double number = value.toDouble();
    value.close();
    return number;
  }

  /** Drops it. */
  public void close() {
    value.close();
  }
}
