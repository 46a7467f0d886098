package io.heterospec.processor.torch;

import java.util.Locale;

/** Arithmetic types of a loaded model; the code is libtorch's {@code ScalarType}. */
public enum Dtype {
  FP32(6, 4),
  BF16(15, 2),
  FP16(5, 2);

  private final int code;
  private final int bytes;

  Dtype(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** libtorch's number for this type, as scripts take it. */
  public int code() {
    return code;
  }

  /** Bytes of one value. */
  public int bytes() {
    return bytes;
  }

  /** Name on the command line and in reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The type of a name such as {@code bf16}.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static Dtype parse(String name) {
    for (Dtype type : values()) {
      if (type.label().equalsIgnoreCase(name)) {
        return type;
      }
    }
    throw new IllegalArgumentException("dtype '" + name + "' is unknown; use bf16, fp16 or fp32");
  }
}
