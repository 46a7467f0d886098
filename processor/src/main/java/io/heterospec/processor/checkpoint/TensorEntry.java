package io.heterospec.processor.checkpoint;

import java.util.Arrays;

/**
 * Where a tensor lies in a safetensors file.
 *
 * @param begin offset of its first byte from the end of the header
 * @param end offset after its last byte
 */
record TensorEntry(String name, TensorType type, long[] shape, long begin, long end) {

  long elements() {
    return (end - begin) / type.bytes();
  }

  long bytes() {
    return end - begin;
  }

  String describe() {
    return type + Arrays.toString(shape);
  }
}
