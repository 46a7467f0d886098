package io.heterospec.processor.torch;

import io.heterospec.processor.checkpoint.CheckpointException;
import io.heterospec.processor.checkpoint.Safetensors;
import io.heterospec.processor.checkpoint.TensorData;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns a checkpoint's tensors into weights of a device's type and layout, in the order asked. */
public final class WeightLoader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WeightLoader.class);
  private static final int[] TRIED_ROWS = {1, 8, 33};

  private final TorchDevice device;
  private final ScriptModule module;
  private final double tolerance;
  private final List<Tensor> weights = new ArrayList<>();

  public WeightLoader(TorchDevice device, Arithmetic arithmetic) {
    this.device = device;
    this.tolerance = arithmetic.dtype() == Dtype.FP32 ? 1e-4 : 3e-2;
    ScriptSource source = new ScriptSource("Weights").include("weights");
    module = ScriptModule.compile(device, arithmetic.kernel().define(source, arithmetic.dtype()));
  }

  /** Adds a tensor as it is: an embedding. */
  public WeightLoader add(Safetensors tensors, String name) {
    weights.add(decode(tensors.read(name)));
    return this;
  }

  /** Adds the weight of a norm, twice in a row: see {@code decoder.py}. */
  public WeightLoader addNorm(Safetensors tensors, String name) {
    try (Tensor weight = decode(tensors.read(name))) {
      weights.add(module.call("stack", List.of(weight, weight)).tensor());
    }
    return this;
  }

  /** Adds a linear layer; several tensors are stacked along their rows into one product. */
  public WeightLoader addLinear(Safetensors tensors, String... names) {
    List<Tensor> parts = new ArrayList<>();
    try {
      for (String name : names) {
        parts.add(decode(tensors.read(name)));
      }
      try (Tensor stacked = module.call("stack", parts).tensor()) {
        weights.add(packed(stacked, names[0]));
      }
    } finally {
      parts.forEach(Tensor::close);
    }
    return this;
  }

  // oneDNN's packed fp32 product is wrong for some widths on some processors, so each is tried.
  private Tensor packed(Tensor plain, String name) {
    Tensor packed = module.call("pack", plain).tensor();
    for (int rows : TRIED_ROWS) {
      double off = module.call("disagreement", packed, plain, rows).number();
      if (!(off <= tolerance)) {
        LOG.debug("{} is not packed: its product is off by {} of its largest value", name, off);
        packed.close();
        return module.call("keep", plain).tensor();
      }
    }
    return packed;
  }

  /** Adds a table computed here, such as rotary cosines. */
  public WeightLoader addTable(float[] values, long... shape) {
    try (Tensor table = device.floats(values, shape)) {
      weights.add(module.call("convert", table).tensor());
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

  private Tensor decode(TensorData data) {
    try (Tensor raw = device.bytes(data.bytes())) {
      return module.call("decode", raw, code(data), data.shape()).tensor();
    }
  }

  private static int code(TensorData data) {
    return switch (data.type()) {
      case F32 -> Dtype.FP32.code();
      case F16 -> Dtype.FP16.code();
      case BF16 -> Dtype.BF16.code();
      default ->
          throw new CheckpointException(
              data.file()
                  + ": tensor "
                  + data.name()
                  + " of type "
                  + data.type()
                  + " is no weight");
    };
  }

  @Override
  public void close() {
    weights.forEach(Tensor::close);
    module.close();
  }
}
