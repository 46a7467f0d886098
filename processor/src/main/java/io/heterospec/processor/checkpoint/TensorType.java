package io.heterospec.processor.checkpoint;

/** Element types of a safetensors file that this program reads. */
public enum TensorType {
  F32(4),
  F16(2),
  BF16(2),
  I64(8),
  I32(4),
  U8(1),
  BOOL(1);

  private final int bytes;

  TensorType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether the type can hold weights. */
  public boolean isFloating() {
    return this == F32 || this == F16 || this == BF16;
  }
}
