package io.heterospec.processor.checkpoint;

import java.util.Arrays;

/**
 * A floating-point tensor that an architecture needs.
 *
 * @param name name in the checkpoint
 * @param shape dimensions, {@code (out, in)} for matrices
 */
record TensorSpec(String name, long... shape) {

  boolean isMatrix() {
    return shape.length == 2;
  }

  /** Elements. */
  long elements() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}
