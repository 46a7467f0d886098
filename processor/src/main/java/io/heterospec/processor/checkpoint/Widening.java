package io.heterospec.processor.checkpoint;

import java.util.ArrayList;
import java.util.List;

/**
 * Widens a decoder's tensors with zeros so that it computes the same: the new dimensions of the
 * residual stream stay 0, the new heads and MLP rows add nothing.
 *
 * <p>Heads are appended whole, and as many query heads for each new key-value head as the old ones
 * have, so every query head keeps its key-value head. The zeros lower the mean square that an
 * RMSNorm divides by to one {@code width}-th, so its epsilon is divided by {@code width} and its
 * weights by the root of that. Norms over single heads see no zeros but have the same epsilon, so
 * what they normalise is divided by the root, too.
 *
 * @param width how many times as wide the result is
 */
record Widening(int width) {

  /** An {@code (out, in)} matrix whose rows count tokens: they stay. */
  TensorRows columns(CheckpointTensors tensors, String name) {
    return grown(tensors, name, name, 1, 1);
  }

  /**
   * An {@code (out, in)} matrix.
   *
   * @param parts vectors that its input is a concatenation of: each of them is widened
   */
  TensorRows matrix(CheckpointTensors tensors, String name, int parts) {
    return grown(tensors, name, name, width, parts);
  }

  /**
   * The tensors of a decoder layer.
   *
   * @param from prefix of their names
   * @param to prefix of the names they get
   * @param parts vectors that make the input of the attention
   * @param variant what the layer has beyond Llama's
   */
  List<TensorRows> layer(
      CheckpointTensors tensors, String from, String to, int parts, DecoderVariant variant) {
    List<TensorRows> layer = new ArrayList<>();
    layer.add(norm(tensors, from + "input_layernorm.weight", to + "input_layernorm.weight"));
    for (String name : List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")) {
      boolean normalised = variant.headNorm() && !name.endsWith("v_proj");
      for (String kind : variant.qkvBias() ? List.of(".weight", ".bias") : List.of(".weight")) {
        layer.add(
            normalised
                ? divided(tensors.read(from + name + kind), to + name + kind, parts)
                : grown(tensors, from + name + kind, to + name + kind, width, parts));
      }
    }
    if (variant.headNorm()) {
      for (String name : List.of("self_attn.q_norm.weight", "self_attn.k_norm.weight")) {
        layer.add(same(tensors.read(from + name), to + name));
      }
    }
    String afterwards = "post_attention_layernorm.weight";
    layer.add(norm(tensors, from + afterwards, to + afterwards));
    for (String name :
        List.of("self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")) {
      layer.add(grown(tensors, from + name + ".weight", to + name + ".weight", width, 1));
      if (name.startsWith("mlp.") ? variant.mlpBias() : variant.outputBias()) {
        layer.add(grown(tensors, from + name + ".bias", to + name + ".bias", width, 1));
      }
    }
    return layer;
  }

  private static TensorRows same(TensorData data, String to) {
    return new TensorRows(
        to,
        data.type(),
        data.shape(),
        (row, into) -> into.put(0, data.bytes(), 0, into.capacity()));
  }

  /** The weights of an RMSNorm. */
  TensorRows norm(CheckpointTensors tensors, String name) {
    return norm(tensors, name, name);
  }

  private TensorRows norm(CheckpointTensors tensors, String from, String to) {
    return divided(tensors.read(from), to, 1);
  }

  // Grown like any other, and every value divided by the root of the width.
  private TensorRows divided(TensorData data, String to, int parts) {
    FloatLayout layout = FloatLayout.of(data.type());
    int columns = (int) data.shape()[data.shape().length - 1];
    int part = data.shape().length == 1 ? columns : columns / parts;
    long rows = data.shape().length == 1 ? 1 : data.shape()[0];
    long[] shape = grownShape(data.shape(), width);
    int halvings = Integer.numberOfTrailingZeros(width) / 2;
    if (width == 1 << (2 * halvings) && canHalve(data, layout, halvings)) {
      return new TensorRows(
          to,
          data.type(),
          shape,
          (row, into) -> {
            for (int i = 0; row < rows && i < columns; i++) {
              int bits = layout.get(data.bytes(), (int) row * columns + i);
              layout.put(into, i / part * part * width + i % part, layout.halve(bits, halvings));
            }
          });
    }
    // Most quotients are no number of 16 bits; rounding them would change the function.
    double root = Math.sqrt(width);
    return new TensorRows(
        to,
        TensorType.F32,
        shape,
        (row, into) -> {
          for (int i = 0; row < rows && i < columns; i++) {
            double value = layout.value(layout.get(data.bytes(), (int) row * columns + i));
            int place = i / part * part * width + i % part;
            into.putFloat(place * Float.BYTES, (float) (value / root));
          }
        });
  }

  private static boolean canHalve(TensorData data, FloatLayout layout, int times) {
    int elements = data.bytes().capacity() / data.type().bytes();
    for (int i = 0; i < elements; i++) {
      if (!layout.canHalve(layout.get(data.bytes(), i), times)) {
        return false;
      }
    }
    return true;
  }

  // A vector, such as a bias, is a row that grows at its end.
  private TensorRows grown(
      CheckpointTensors tensors, String from, String to, int rowFactor, int parts) {
    TensorData data = tensors.read(from);
    boolean vector = data.shape().length == 1;
    long rows = vector ? 1 : data.shape()[0];
    int inRow = vector ? 1 : parts;
    long columns = data.shape()[data.shape().length - 1];
    int partBytes = Math.toIntExact(columns / inRow * data.type().bytes());
    return new TensorRows(
        to,
        data.type(),
        grownShape(data.shape(), rowFactor),
        (row, into) -> {
          if (row < rows) {
            int source = (int) row * inRow * partBytes;
            for (int part = 0; part < inRow; part++) {
              into.put(
                  part * partBytes * width, data.bytes(), source + part * partBytes, partBytes);
            }
          }
        });
  }

  private long[] grownShape(long[] shape, int rowFactor) {
    return shape.length == 1
        ? new long[] {shape[0] * width}
        : new long[] {shape[0] * rowFactor, shape[1] * width};
  }
}
