package io.heterospec.processor.torch;

import io.heterospec.processor.checkpoint.CheckpointException;
import io.heterospec.processor.checkpoint.CheckpointTensors;
import io.heterospec.processor.checkpoint.LoadProgress;
import io.heterospec.processor.checkpoint.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a checkpoint's tensors into weights of a device's type and layout, in the order asked. They
 * are read in pieces straight into the tensors that stay, so that loading needs the memory of the
 * weights and of one more: a linear layer is there twice while it is packed.
 */
public final class WeightLoader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WeightLoader.class);
  private static final int[] TRIED_ROWS = {1, 8, 33};

  // Small: the C library keeps freed blocks of megabytes, and pieces between weights leave holes.
  private static final int PIECE_BYTES = 1 << 20;

  private TorchDevice device;
  private final ScriptModule module;
  private final LinearKernel kernel;
  private final double tolerance;
  private final LoadProgress progress;
  private final List<Tensor> weights = new ArrayList<>();
  private final Map<String, Boolean> packsRight = new HashMap<>(); // by shape
  private final ByteBuffer piece =
      ByteBuffer.allocateDirect(PIECE_BYTES).order(ByteOrder.nativeOrder());

  /**
   * @param progress told after every piece that is read
   */
  public WeightLoader(TorchDevice device, Arithmetic arithmetic, LoadProgress progress) {
    this.device = device;
    this.progress = progress;
    this.kernel = arithmetic.kernel();
    this.tolerance = arithmetic.dtype() == Dtype.FP32 ? 1e-4 : 3e-2;
    ScriptSource source = new ScriptSource("Weights").include("weights");
    module = ScriptModule.compile(device, kernel.define(source, arithmetic.dtype()));
  }

  /** What is added from now on lies on this device. */
  public WeightLoader on(TorchDevice next) {
    device = next;
    return this;
  }

  /** Adds tensors as they are, stacked along their rows: an embedding, or biases. */
  public WeightLoader add(CheckpointTensors tensors, String... names) {
    weights.add(stacked(tensors, names));
    return this;
  }

  /** Adds a weight that another module keeps too; the caller may close its own reference. */
  public WeightLoader add(Tensor shared) {
    weights.add(module.call("same", shared).tensor());
    return this;
  }

  /** Adds the weight of a norm, twice in a row: see {@code decoder.py}. */
  public WeightLoader addNorm(CheckpointTensors tensors, String name) {
    weights.add(stacked(tensors, name, name));
    return this;
  }

  /**
   * Adds the weights of norms over single heads, {@code (heads + kvHeads, headDim)}: one for all
   * query heads, one for all key heads.
   */
  public WeightLoader addHeadNorms(
      CheckpointTensors tensors, String queries, int heads, String keys, int kvHeads) {
    try (Tensor query = stacked(tensors, queries);
        Tensor key = stacked(tensors, keys)) {
      weights.add(module.call("rows", query, heads, key, kvHeads).tensor());
    }
    return this;
  }

  /** Adds a linear layer; several tensors are stacked along their rows into one product. */
  public WeightLoader addLinear(CheckpointTensors tensors, String... names) {
    try (Tensor plain = stacked(tensors, names)) {
      weights.add(packed(plain, shape(tensors, names), names[0]));
    }
    return this;
  }

  /**
   * Adds a linear layer whose weight was added before as it is: an output layer tied to the
   * embeddings. It is the same tensor where products take weights as they are.
   *
   * @param index of that weight
   */
  public WeightLoader addTied(CheckpointTensors tensors, String name, int index) {
    return kernel == LinearKernel.PLAIN ? add(weights.get(index)) : addLinear(tensors, name);
  }

  private Tensor packed(Tensor plain, long[] shape, String name) {
    if (kernel == LinearKernel.PLAIN) {
      return module.call("same", plain).tensor();
    }
    Tensor packed = module.call("pack", plain).tensor();
    if (packsRight.computeIfAbsent(Arrays.toString(shape), s -> isRight(packed, plain, name))) {
      return packed;
    }
    packed.close();
    return module.call("same", plain).tensor();
  }

  // oneDNN's packed fp32 product is wrong for some widths on some processors, so each is tried.
  private boolean isRight(Tensor packed, Tensor plain, String name) {
    for (int rows : TRIED_ROWS) {
      double off = module.call("disagreement", packed, plain, rows).number();
      if (!(off <= tolerance)) {
        LOG.debug("{} is not packed: its product is off by {} of its largest value", name, off);
        return false;
      }
    }
    return true;
  }

  /** The rows of a table that is computed here. */
  @FunctionalInterface
  public interface TableRows {
    /**
     * @param row its index
     * @param into where its values go
     */
    void put(int row, FloatBuffer into);
  }

  /** Adds a table computed here, such as rotary cosines. */
  public WeightLoader addTable(TableRows rows, int count, long... rowShape) {
    long[] shape = new long[rowShape.length + 1];
    shape[0] = count;
    System.arraycopy(rowShape, 0, shape, 1, rowShape.length);
    int width = Math.toIntExact(Arrays.stream(rowShape).reduce(1, Math::multiplyExact));
    Tensor table = empty(shape);
    weights.add(table);
    int rowsOfPiece = PIECE_BYTES / Float.BYTES / width;
    for (int first = 0; first < count; first += rowsOfPiece) {
      int last = Math.min(count, first + rowsOfPiece);
      piece.clear();
      FloatBuffer values = piece.asFloatBuffer();
      for (int row = first; row < last; row++) {
        rows.put(row, values);
      }
      piece.limit((last - first) * width * Float.BYTES);
      fill(table, (long) first * width, Dtype.FP32);
    }
    return this;
  }

  /** Adds a table of indices, which keeps its type. */
  public WeightLoader addIndices(int[] values) {
    try (Tensor borrowed = device.longs(values, 0, values.length)) {
      weights.add(module.call("keep", borrowed).tensor());
    }
    return this;
  }

  /** The weights added so far become those of a module. */
  public void install(ScriptModule target) {
    target.setWeights(weights);
  }

  private static long[] shape(CheckpointTensors tensors, String... names) {
    long[] shape = tensors.shape(names[0]);
    for (int i = 1; i < names.length; i++) {
      shape[0] += tensors.shape(names[i])[0];
    }
    return shape;
  }

  private Tensor stacked(CheckpointTensors tensors, String... names) {
    Tensor whole = empty(shape(tensors, names));
    try {
      long at = 0;
      for (String name : names) {
        at += copy(tensors, name, whole, at);
      }
      return whole;
    } catch (RuntimeException e) {
      whole.close();
      throw e;
    }
  }

  // Elements copied.
  private long copy(CheckpointTensors tensors, String name, Tensor whole, long at) {
    TensorType type = tensors.type(name);
    Dtype stored = stored(tensors, name, type);
    long elements = Arrays.stream(tensors.shape(name)).reduce(1, Math::multiplyExact);
    long bytes = elements * type.bytes();
    for (long done = 0; done < bytes; done += piece.limit()) {
      piece.clear().limit((int) Math.min(PIECE_BYTES, bytes - done));
      tensors.read(name, done, piece);
      piece.flip();
      fill(whole, at + done / type.bytes(), stored);
      progress.read(piece.limit());
    }
    return elements;
  }

  private Tensor empty(long[] shape) {
    try (Tensor like = device.floats(new float[] {0}, 1)) {
      return module.call("empty", like, shape).tensor();
    }
  }

  private void fill(Tensor whole, long at, Dtype stored) {
    try (Tensor raw = device.bytes(piece.duplicate())) {
      module.call("fill", whole, at, raw, stored.code()).close();
    }
  }

  private static Dtype stored(CheckpointTensors tensors, String name, TensorType type) {
    return switch (type) {
      case F32 -> Dtype.FP32;
      case F16 -> Dtype.FP16;
      case BF16 -> Dtype.BF16;
      default ->
          throw new CheckpointException(
              "%s: tensor %s of type %s is no weight".formatted(tensors.fileOf(name), name, type));
    };
  }

  @Override
  public void close() {
    weights.forEach(Tensor::close);
    module.close();
  }
}
