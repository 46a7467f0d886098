package io.heterospec.processor.checkpoint;

import java.util.Arrays;

/** Presence, type and shape of the tensors a model needs. */
final class TensorRequirements {
  private final Safetensors tensors;

  TensorRequirements(Safetensors tensors) {
    this.tensors = tensors;
  }

  /** Requires a floating-point tensor of exactly this shape. */
  void weight(String name, long... shape) {
    TensorEntry entry = tensors.entry(name);
    if (!entry.type().isFloating()) {
      throw wrong(name, entry, "F32, F16 or BF16");
    }
    shape(name, entry, shape);
  }

  /** Requires a tensor of one of these types and exactly this shape. */
  void typed(String name, long[] shape, TensorType... types) {
    TensorEntry entry = tensors.entry(name);
    if (!Arrays.asList(types).contains(entry.type())) {
      throw wrong(name, entry, "type " + Arrays.toString(types));
    }
    shape(name, entry, shape);
  }

  private void shape(String name, TensorEntry entry, long[] shape) {
    if (!Arrays.equals(entry.shape(), shape)) {
      throw wrong(name, entry, "shape " + Arrays.toString(shape) + " as config.json says");
    }
  }

  private CheckpointException wrong(String name, TensorEntry entry, String expected) {
    return new CheckpointException(
        "%s: tensor %s is %s, expected %s; config.json and weights do not belong together"
            .formatted(tensors.fileOf(name), name, entry.describe(), expected));
  }
}
