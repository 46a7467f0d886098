package io.heterospec.processor.checkpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the pickle of a saved state dictionary and knows nothing but tensors. A pickle is a program
 * for a stack machine that may name any function and call it; this machine has no way to look one
 * up: a name other than those of {@link TorchGlobal} ends the reading, and what a call of one of
 * these gives is computed here.
 *
 * @see <a href="https://github.com/python/cpython/blob/main/Lib/pickletools.py">the opcodes</a>
 */
final class TensorPickle {
  private static final Object NONE = new Object();

  /** A Python tuple. */
  record Tuple(List<Object> items) {}

  /** Elements in an entry of the archive. */
  record Storage(TensorType type, String key) {}

  /** A tensor without the name it is saved under. */
  record Unnamed(Storage storage, long offset, long[] shape) {}

  private final Path file;
  private final PickleInput in;
  private final PickleStack stack = new PickleStack();

  TensorPickle(Path file, byte[] pickle) {
    this.file = file;
    this.in = new PickleInput(pickle);
  }

  /**
   * The tensors in the order in which they were saved.
   *
   * @throws CheckpointException naming what the pickle asks for beyond tensors, or where it breaks
   */
  List<PickledTensor> read() {
    try {
      return named(run());
    } catch (MalformedPickleException e) {
      throw new CheckpointException(
          file + ": its data.pkl " + e.getMessage() + "; download it again", e);
    }
  }

  private static List<PickledTensor> named(Object top) {
    if (!(top instanceof Map<?, ?> saved)) {
      throw broken("does not hold a dictionary of tensors");
    }
    List<PickledTensor> tensors = new ArrayList<>();
    saved.forEach(
        (name, value) -> {
          if (value instanceof Unnamed tensor) {
            tensors.add(
                new PickledTensor(
                    (String) name,
                    tensor.storage().type(),
                    tensor.storage().key(),
                    tensor.offset(),
                    tensor.shape()));
          }
        });
    if (tensors.isEmpty()) {
      throw broken("holds no tensors; a state dictionary must be saved by itself");
    }
    return tensors;
  }

  private Object run() {
    while (true) {
      int opcode = in.byteValue();
      switch (opcode) {
        case 0x80 -> in.skip(1); // PROTO
        case 0x95 -> in.skip(Long.BYTES); // FRAME
        case '.' -> {
          return stack.pop();
        }
        case '(' -> stack.mark();
        case '0' -> stack.discard();
        case 'N' -> stack.push(NONE);
        case 0x88 -> stack.push(Boolean.TRUE);
        case 0x89 -> stack.push(Boolean.FALSE);
        case 'K' -> stack.push((long) in.byteValue());
        case 'M' -> stack.push(in.shortValue());
        case 'J' -> stack.push((long) in.intValue());
        case 0x8a -> stack.push(in.longValue(in.byteValue())); // LONG1
        case 'G' -> stack.push(in.doubleValue());
        case 'X' -> stack.push(in.text(in.unsignedInt())); // BINUNICODE
        case 0x8c, 'U' -> stack.push(in.text(in.byteValue())); // SHORT_BINUNICODE, _BINSTRING
        case '}' -> stack.push(new LinkedHashMap<String, Object>());
        case ']' -> stack.push(new ArrayList<>());
        case ')' -> stack.push(new Tuple(List.of()));
        case 't' -> stack.push(new Tuple(stack.popMark()));
        case 0x85, 0x86, 0x87 -> stack.push(new Tuple(stack.pop(opcode - 0x84))); // TUPLE1, 2, 3
        case 'a' -> append(stack.pop(1));
        case 'e' -> append(stack.popMark());
        case 's' -> setItems(stack.pop(2));
        case 'u' -> setItems(stack.popMark());
        case 'q' -> stack.store(in.byteValue());
        case 'r' -> stack.store(in.unsignedInt());
        case 0x94 -> stack.memoize();
        case 'h' -> stack.recall(in.byteValue());
        case 'j' -> stack.recall(in.unsignedInt());
        case 'c' -> stack.push(global(in.line(), in.line()));
        case 0x93 -> { // STACK_GLOBAL
          List<Object> names = stack.pop(2);
          stack.push(global(string(names.get(0)), string(names.get(1))));
        }
        case 'Q' -> stack.push(storage(stack.pop()));
        case 'R' -> {
          List<Object> call = stack.pop(2);
          stack.push(call(call.get(0), call.get(1)));
        }
        case 'b' -> build(stack.pop());
        case 'i' -> throw refused(in.line() + "." + in.line());
        default ->
            throw broken(
                "has opcode 0x%02x at byte %d, which saved tensors do not need"
                    .formatted(opcode, in.position() - 1));
      }
    }
  }

  private TorchGlobal global(String module, String name) {
    TorchGlobal global = TorchGlobal.named(module, name);
    if (global == null) {
      throw refused(module + "." + name);
    }
    return global;
  }

  private CheckpointException refused(String name) {
    return new CheckpointException(
        file
            + " asks to run "
            + printable(name)
            + ", which is no part of a saved tensor; nothing was run: do not use this file, or get the weights as safetensors");
  }

  private Object call(Object function, Object arguments) {
    if (!(function instanceof TorchGlobal global) || !(arguments instanceof Tuple tuple)) {
      throw broken("calls what is no function");
    }
    return switch (global) {
      case ORDERED_DICT -> new LinkedHashMap<String, Object>();
      case REBUILD_TENSOR -> tensor(tuple.items());
      case REBUILD_PARAMETER -> {
        if (tuple.items().isEmpty() || !(tuple.items().get(0) instanceof Unnamed parameter)) {
          throw broken("has a parameter without a tensor");
        }
        yield parameter;
      }
      default -> throw broken("calls the type " + global);
    };
  }

  // _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)
  private Unnamed tensor(List<Object> arguments) {
    if (arguments.size() < 4 || !(arguments.get(0) instanceof Storage storage)) {
      throw broken("has a tensor without a storage");
    }
    long offset = natural(arguments.get(1));
    long[] shape = naturals(arguments.get(2));
    long[] strides = naturals(arguments.get(3));
    if (strides.length != shape.length) {
      throw broken(
          "has a tensor with %d strides for %d dimensions".formatted(strides.length, shape.length));
    }
    long expected = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      if (shape[i] > 1 && strides[i] != expected) {
        throw new CheckpointException(
            file
                + " has a tensor that is not stored row by row; save it with .contiguous(), or as safetensors");
      }
      // An overflow is met again where the elements are counted.
      expected *= shape[i];
    }
    return new Unnamed(storage, offset, shape);
  }

  // ('storage', type, key, location, elements)
  private Storage storage(Object id) {
    if (!(id instanceof Tuple tuple)
        || tuple.items().size() < 3
        || !"storage".equals(tuple.items().get(0))
        || !(tuple.items().get(1) instanceof TorchGlobal global)
        || !(tuple.items().get(2) instanceof String key)) {
      throw broken("names a storage in an unknown way");
    }
    if (global.type() == null) {
      throw new CheckpointException(
          file + " has elements of " + global + ", which is not supported; use BF16, F16 or F32");
    }
    return new Storage(global.type(), key);
  }

  // State of an OrderedDict: metadata about versions, nothing that is needed.
  private void build(Object state) {
    if (!(stack.peek() instanceof Map<?, ?>) || !(state instanceof Map<?, ?>)) {
      throw broken("sets the state of an object");
    }
  }

  private void append(List<Object> items) {
    if (!(stack.peek() instanceof List<?>)) {
      throw broken("appends to what is no list");
    }
    // Lists of a saved state say nothing about tensors: their contents are dropped.
    items.clear();
  }

  private void setItems(List<Object> items) {
    if (!(stack.peek() instanceof Map<?, ?>) || items.size() % 2 != 0) {
      throw broken("sets items of what is no dictionary");
    }
    @SuppressWarnings("unchecked") // only this class makes the stack's maps
    Map<String, Object> map = (Map<String, Object>) stack.peek();
    for (int i = 0; i < items.size(); i += 2) {
      map.put(string(items.get(i)), items.get(i + 1));
    }
  }

  private static String string(Object value) {
    if (!(value instanceof String text)) {
      throw broken("has a key that is no string");
    }
    return text;
  }

  private static long natural(Object value) {
    if (!(value instanceof Long number) || number < 0) {
      throw broken("has a size or offset that is no natural number");
    }
    return number;
  }

  private static long[] naturals(Object value) {
    if (!(value instanceof Tuple tuple)) {
      throw broken("has a tensor without dimensions");
    }
    return tuple.items().stream().mapToLong(TensorPickle::natural).toArray();
  }

  private static String printable(String name) {
    String clean = name.replaceAll("\\P{Print}", "?");
    return clean.length() <= 100 ? clean : clean.substring(0, 100) + "…";
  }

  private static MalformedPickleException broken(String what) {
    return new MalformedPickleException(what);
  }
}
