package io.heterospec.processor.torch;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory outside the heap that a pass's input is written to, the same from pass to pass: buffers
 * made anew each time would wait for the collector. On a CPU the tensors borrow this memory, so
 * they must be closed before it is written again.
 */
public final class Staging {
  private ByteBuffer longs = allocate(256 * Long.BYTES);
  private ByteBuffer floats = allocate(256 * Float.BYTES);

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /** Forgets all values. */
  public void clear() {
    longs.clear();
    floats.clear();
  }

  /** Adds an int64 value. */
  public void putLong(long value) {
    longs = withRoom(longs, Long.BYTES);
    longs.putLong(value);
  }

  /** Adds an fp32 value. */
  public void putFloat(float value) {
    floats = withRoom(floats, Float.BYTES);
    floats.putFloat(value);
  }

  /** The int64 values as a tensor of one dimension. */
  public Tensor longs(TorchDevice device) {
    return tensor(device, longs, Long.BYTES, DataType.INT64);
  }

  /** The fp32 values as a tensor of one dimension. */
  public Tensor floats(TorchDevice device) {
    return tensor(device, floats, Float.BYTES, DataType.FLOAT32);
  }

  private static Tensor tensor(TorchDevice device, ByteBuffer values, int bytes, DataType type) {
    ByteBuffer written = values.duplicate().order(ByteOrder.nativeOrder()).flip();
    Shape shape = new Shape(written.remaining() / bytes);
    return new Tensor(device.manager(), (PtNDArray) device.manager().create(written, shape, type));
  }

  private static ByteBuffer withRoom(ByteBuffer buffer, int bytes) {
    if (buffer.remaining() >= bytes) {
      return buffer;
    }
    return allocate(2 * buffer.capacity()).put(buffer.flip());
  }
}
