package io.heterospec.processor.checkpoint;

/** The names that the pickle of a state dictionary may use. None of them is ever looked up. */
enum TorchGlobal {
  ORDERED_DICT("collections", "OrderedDict", null),
  REBUILD_TENSOR("torch._utils", "_rebuild_tensor_v2", null),
  REBUILD_PARAMETER("torch._utils", "_rebuild_parameter", null),
  FLOAT("torch", "FloatStorage", TensorType.F32),
  HALF("torch", "HalfStorage", TensorType.F16),
  BFLOAT16("torch", "BFloat16Storage", TensorType.BF16),
  LONG("torch", "LongStorage", TensorType.I64),
  INT("torch", "IntStorage", TensorType.I32),
  BYTE("torch", "ByteStorage", TensorType.U8),
  BOOL("torch", "BoolStorage", TensorType.BOOL),
  DOUBLE("torch", "DoubleStorage", null),
  SHORT("torch", "ShortStorage", null),
  CHAR("torch", "CharStorage", null);

  private final String module;
  private final String name;
  private final TensorType type;

  TorchGlobal(String module, String name, TensorType type) {
    this.module = module;
    this.name = name;
    this.type = type;
  }

  /** The one of this name, or null. */
  static TorchGlobal named(String module, String name) {
    for (TorchGlobal global : values()) {
      if (global.module.equals(module) && global.name.equals(name)) {
        return global;
      }
    }
    return null;
  }

  String module() {
    return module;
  }

  /** Name within the module. */
  String attribute() {
    return name;
  }

  /** Element type of a storage that can be read, or null. */
  TensorType type() {
    return type;
  }

  @Override
  public String toString() {
    return module + "." + name;
  }
}
