package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
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
      List<TensorRows> layer =
          widening.layer(tensors, from, "model.layers." + i + ".", 1, target.config().variant());
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
    config.put("num_key_value_heads", target.config().kvHeads() * widening.width());
    windows(config);
    return config.put("num_hidden_layers", layers);
  }

  // Each layer keeps its window or its want of one; an identity layer is like the one below it.
  private void windows(ObjectNode config) {
    int[] origins = LayerPlacement.of(target.config().layers(), layers);
    JsonNode types = config.path("layer_types");
    if (types.isArray() && !types.isEmpty()) {
      ArrayNode deeper = config.arrayNode();
      int like = 0;
      for (int origin : origins) {
        like = origin == LayerPlacement.IDENTITY ? like : origin;
        deeper.add(types.get(like));
      }
      config.set("layer_types", deeper);
    }
    SlidingWindow window = target.config().slidingWindow();
    if (window == null && !types.isArray() && config.path("use_sliding_window").asBoolean()) {
      config.put("use_sliding_window", false); // more layers might reach the first to have one
    }
    if (window != null && !window.layers()[0]) {
      int first = 0;
      while (origins[first] == LayerPlacement.IDENTITY || !window.layers()[origins[first]]) {
        first++;
      }
      config.put("max_window_layers", first);
    }
  }
}
