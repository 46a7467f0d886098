package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * A wider and deeper target that computes the same logits, and the same features but for the zeros
 * that widen each.
 *
 * @param target the original
 * @param widening how it is widened
 * @param layers how many layers it gets
 */
record TargetInflation(TargetCheckpoint target, Widening widening, int layers) {
  /** The layer whose tensors tell the types and shapes of an identity layer's. */
  private static final int PATTERN = 0;

  List<TensorRows> tensors() {
    CheckpointTensors tensors = target.tensors();
    List<TensorRows> inflated = new ArrayList<>();
    inflated.add(widening.columns(tensors, TargetCheckpoint.EMBEDDING));
    int[] origins = LayerPlacement.of(target.config().layers(), layers);
    for (int i = 0; i < layers; i++) {
      boolean identity = origins[i] == LayerPlacement.IDENTITY;
      String from = "model.layers." + (identity ? PATTERN : origins[i]) + ".";
      List<TensorRows> layer = widening.layer(tensors, from, "model.layers." + i + ".", 1);
      inflated.addAll(identity ? layer.stream().map(IdentityLayer::like).toList() : layer);
    }
    inflated.add(widening.norm(tensors, "model.norm.weight"));
    if (!target.config().tieWordEmbeddings()) {
      inflated.add(widening.columns(tensors, target.outputTensor()));
    }
    return inflated;
  }

  ObjectNode config() {
    ObjectNode config =
        InflatedConfig.of(target.directory(), widening, target.config().rmsNormEps());
    return config.put("num_hidden_layers", layers);
  }
}
