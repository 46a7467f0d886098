package io.heterospec.processor.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The arguments of a pickle's opcodes, as they are written. */
final class PickleInput {
  private final ByteBuffer in;

  PickleInput(byte[] pickle) {
    in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Index of the byte that is read next. */
  int position() {
    return in.position();
  }

  /** An unsigned byte. */
  int byteValue() {
    require(Byte.BYTES);
    return in.get() & 0xff;
  }

  /** Two bytes, unsigned. */
  long shortValue() {
    require(Short.BYTES);
    return in.getShort() & 0xffff;
  }

  /** Four bytes, signed. */
  int intValue() {
    require(Integer.BYTES);
    return in.getInt();
  }

  /** Four bytes, unsigned. */
  long unsignedInt() {
    return intValue() & 0xffffffffL;
  }

  /** A big-endian double. */
  double doubleValue() {
    require(Double.BYTES);
    return Double.longBitsToDouble(Long.reverseBytes(in.getLong()));
  }

  /** A signed number of so many bytes, at most eight. */
  long longValue(int bytes) {
    if (bytes > Long.BYTES) {
      throw new MalformedPickleException("has an integer of %d bytes".formatted(bytes));
    }
    require(bytes);
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (in.get() & 0xffL) << (8 * i);
    }
    int unused = Long.SIZE - 8 * bytes;
    return bytes == 0 ? 0 : value << unused >> unused;
  }

  /** UTF-8 of so many bytes. */
  String text(long length) {
    require(length);
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** UTF-8 up to the end of the line. */
  String line() {
    int begin = in.position();
    while (byteValue() != '\n') {
      // to the end of the line
    }
    return new String(in.array(), begin, in.position() - 1 - begin, StandardCharsets.UTF_8);
  }

  /** Bytes that say nothing about tensors. */
  void skip(int count) {
    require(count);
    in.position(in.position() + count);
  }

  private void require(long bytes) {
    if (bytes > in.remaining()) {
      throw new MalformedPickleException("is truncated");
    }
  }
}
