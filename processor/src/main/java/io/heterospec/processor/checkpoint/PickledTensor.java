package io.heterospec.processor.checkpoint;

import java.util.Arrays;

/**
 * A tensor as a pickle describes it, in row-major order.
 *
 * @param name key in the saved dictionary
 * @param type element type
 * @param storageKey name of the archive's entry that holds the elements
 * @param storageOffset index of its first element there
 * @param shape dimensions
 */
record PickledTensor(
    String name, TensorType type, String storageKey, long storageOffset, long[] shape) {

  /** Number of elements; throws {@link ArithmeticException} where it overflows. */
  long elements() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}
