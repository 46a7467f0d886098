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
 * weights by the root of that.
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
   */
  List<TensorRows> layer(CheckpointTensors tensors, String from, String to, int parts) {
    List<TensorRows> layer = new ArrayList<>();
    layer.add(norm(tensors, from + "input_layernorm.weight", to + "input_layernorm.weight"));
    for (String name : List.of("q_proj", "k_proj", "v_proj")) {
      String attention = "self_attn." + name + ".weight";
      layer.add(grown(tensors, from + attention, to + attention, width, parts));
    }
    String afterwards = "post_attention_layernorm.weight";
    layer.add(norm(tensors, from + afterwards, to + afterwards));
    for (String name :
        List.of("self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")) {
      layer.add(grown(tensors, from + name + ".weight", to + name + ".weight", width, 1));
    }
    return layer;
  }

  /** The weights of an RMSNorm. */
  TensorRows norm(CheckpointTensors tensors, String name) {
    return norm(tensors, name, name);
  }

  private TensorRows norm(CheckpointTensors tensors, String from, String to) {
    TensorData data = tensors.read(from);
    FloatLayout layout = FloatLayout.of(data.type());
    int count = (int) data.shape()[0];
    long[] shape = {(long) count * width};
    int halvings = Integer.numberOfTrailingZeros(width) / 2;
    if (width == 1 << (2 * halvings) && canHalve(data, layout, halvings)) {
      return new TensorRows(
          to,
          data.type(),
          shape,
          (row, into) -> {
            for (int i = 0; i < count; i++) {
              layout.put(into, i, layout.halve(layout.get(data.bytes(), i), halvings));
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
          for (int i = 0; i < count; i++) {
            into.putFloat((float) (layout.value(layout.get(data.bytes(), i)) / root));
          }
        });
  }

  private static boolean canHalve(TensorData data, FloatLayout layout, int times) {
    for (int i = 0; i < data.shape()[0]; i++) {
      if (!layout.canHalve(layout.get(data.bytes(), i), times)) {
        return false;
      }
    }
    return true;
  }

  private TensorRows grown(
      CheckpointTensors tensors, String from, String to, int rowFactor, int parts) {
    TensorData data = tensors.read(from);
    long rows = data.shape()[0];
    long columns = data.shape()[1];
    int partBytes = Math.toIntExact(columns / parts * data.type().bytes());
    return new TensorRows(
        to,
        data.type(),
        new long[] {rows * rowFactor, columns * width},
        (row, into) -> {
          if (row < rows) {
            int source = (int) row * parts * partBytes;
            for (int part = 0; part < parts; part++) {
              into.put(
                  part * partBytes * width, data.bytes(), source + part * partBytes, partBytes);
            }
          }
        });
  }
}
