package io.heterospec.processor.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * One tensor of a checkpoint.
 *
 * @param name name in the file
 * @param type element type
 * @param shape dimensions, empty for a scalar
 * @param file the file that holds it, for messages
 * @param bytes read-only little-endian view of the memory-mapped elements in row-major order,
 *     position 0; valid after the checkpoint is closed
 */
public record TensorData(String name, TensorType type, long[] shape, Path file, ByteBuffer bytes) {}
