package io.heterospec.processor.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The pickle, protocol 2, of an ordered dictionary of tensors whose storages are the entries {@code
 * data/0}, {@code data/1}, … of an archive.
 *
 * @see TensorPickle
 */
final class TensorPickler {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private TensorPickler() {}

  static byte[] pickle(List<TensorRows> tensors) {
    TensorPickler pickler = new TensorPickler();
    pickler.write(0x80, 2);
    pickler.global(TorchGlobal.ORDERED_DICT);
    pickler.write(')', 'R', '(');
    for (int i = 0; i < tensors.size(); i++) {
      pickler.text(tensors.get(i).name());
      pickler.tensor(tensors.get(i), Integer.toString(i));
    }
    pickler.write('u', '.');
    return pickler.out.toByteArray();
  }

  private void tensor(TensorRows tensor, String key) {
    global(TorchGlobal.REBUILD_TENSOR);
    write('(', '(');
    text("storage");
    global(storage(tensor.type()));
    text(key);
    text("cpu");
    number(tensor.bytes() / tensor.type().bytes());
    write('t', 'Q');
    number(0);
    long[] shape = tensor.shape();
    numbers(shape);
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    numbers(strides);
    write(0x89); // needs no gradient
    global(TorchGlobal.ORDERED_DICT);
    write(')', 'R', 't', 'R');
  }

  private static TorchGlobal storage(TensorType type) {
    for (TorchGlobal global : TorchGlobal.values()) {
      if (global.type() == type) {
        return global;
      }
    }
    throw new IllegalArgumentException("torch has no storage of " + type);
  }

  private void numbers(long[] values) {
    write('(');
    for (long value : values) {
      number(value);
    }
    write('t');
  }

  private void number(long value) {
    write(0x8a, Long.BYTES);
    out.writeBytes(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  private void text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    write('X');
    out.writeBytes(
        ByteBuffer.allocate(Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(utf8.length)
            .array());
    out.writeBytes(utf8);
  }

  private void global(TorchGlobal global) {
    write('c');
    out.writeBytes(
        (global.module() + "\n" + global.attribute() + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  private void write(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
  }
}
