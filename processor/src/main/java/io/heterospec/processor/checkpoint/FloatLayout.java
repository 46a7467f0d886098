package io.heterospec.processor.checkpoint;

import java.nio.ByteBuffer;

/** Where sign, exponent and mantissa lie in the bits of a floating-point element. */
enum FloatLayout {
  F32(8, 23),
  F16(5, 10),
  BF16(8, 7);

  private final int exponentBits;
  private final int mantissaBits;

  FloatLayout(int exponentBits, int mantissaBits) {
    this.exponentBits = exponentBits;
    this.mantissaBits = mantissaBits;
  }

  static FloatLayout of(TensorType type) {
    return switch (type) {
      case F32 -> F32;
      case F16 -> F16;
      case BF16 -> BF16;
      default -> throw new IllegalArgumentException(type + " holds no floating-point numbers");
    };
  }

  int get(ByteBuffer elements, int index) {
    return this == F32
        ? elements.getInt(index * Integer.BYTES)
        : elements.getShort(index * Short.BYTES) & 0xffff;
  }

  void put(ByteBuffer elements, int index, int bits) {
    if (this == F32) {
      elements.putInt(index * Integer.BYTES, bits);
    } else {
      elements.putShort(index * Short.BYTES, (short) bits);
    }
  }

  double value(int bits) {
    int exponent = exponent(bits);
    int mantissa = mantissa(bits);
    double magnitude;
    if (exponent == maxExponent()) {
      magnitude = mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else if (exponent == 0) {
      magnitude = Math.scalb((double) mantissa, 1 - bias() - mantissaBits);
    } else {
      magnitude =
          Math.scalb((double) (mantissa + (1 << mantissaBits)), exponent - bias() - mantissaBits);
    }
    return bits >>> (exponentBits + mantissaBits) == 0 ? magnitude : -magnitude;
  }

  /** The bits of the nearest number, ties to even; infinity beyond the largest. */
  int bits(float value) {
    int single = Float.floatToRawIntBits(value);
    if (this == F32) {
      return single;
    }
    if (this == BF16 && Float.isFinite(value)) {
      return (single + 0x7fff + ((single >>> 16) & 1)) >>> 16;
    }
    int sign = single >>> 31 << (exponentBits + mantissaBits);
    double magnitude = Math.abs((double) value);
    if (Double.isNaN(magnitude)) {
      return sign | (maxExponent() << mantissaBits) | 1;
    }
    int exponent = Math.max(Math.getExponent(magnitude), 1 - bias());
    if (exponent > bias()) {
      return sign | (maxExponent() << mantissaBits);
    }
    // What rounding carries over raises the exponent by itself.
    int mantissa = (int) Math.rint(Math.scalb(magnitude, mantissaBits - exponent));
    return sign | (mantissa + ((exponent + bias() - 1) << mantissaBits));
  }

  /** The bits of 1. */
  int one() {
    return bias() << mantissaBits;
  }

  /** Whether dividing by {@code 2^times} loses nothing. */
  boolean canHalve(int bits, int times) {
    int exponent = exponent(bits);
    boolean zero = exponent == 0 && mantissa(bits) == 0;
    return times == 0 || zero || (exponent > times && exponent < maxExponent());
  }

  /** The number divided by {@code 2^times}, where {@link #canHalve} allows it. */
  int halve(int bits, int times) {
    return exponent(bits) == 0 ? bits : bits - (times << mantissaBits);
  }

  /** The same sign and mantissa with a magnitude in {@code [2^-halvings, 2^(1-halvings))}. */
  int withMagnitude(int bits, int halvings) {
    return (bits & ~(maxExponent() << mantissaBits)) | ((bias() - halvings) << mantissaBits);
  }

  /** The largest {@code halvings} with which a number is normal in every type. */
  static int maxHalvings() {
    return F16.bias() - 1;
  }

  private int bias() {
    return (1 << (exponentBits - 1)) - 1;
  }

  private int maxExponent() {
    return (1 << exponentBits) - 1;
  }

  private int exponent(int bits) {
    return (bits >>> mantissaBits) & maxExponent();
  }

  private int mantissa(int bits) {
    return bits & ((1 << mantissaBits) - 1);
  }
}
