package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A wider draft head that proposes the same tokens from the features of an inflated target.
 *
 * @param draft the original
 * @param widening how it and its target are widened
 */
record DraftInflation(DraftCheckpoint draft, Widening widening) {
  private static final String LAYER = "midlayer.";

  List<TensorRows> tensors() {
    CheckpointTensors tensors = draft.tensors();
    List<TensorRows> inflated = new ArrayList<>();
    // The features of three layers side by side.
    inflated.add(widening.matrix(tensors, "fc.weight", 3));
    inflated.add(widening.norm(tensors, LAYER + "hidden_norm.weight"));
    // The embedding and the feature side by side.
    inflated.addAll(widening.layer(tensors, LAYER, LAYER, 2, draft.config().variant()));
    inflated.add(widening.norm(tensors, "norm.weight"));
    inflated.add(widening.columns(tensors, "lm_head.weight"));
    if (draft.hasOwnEmbedding()) {
      inflated.add(widening.columns(tensors, DraftCheckpoint.EMBEDDING));
    }
    for (String map : List.of(DraftVocabulary.OFFSETS, DraftVocabulary.MASK)) {
      if (tensors.contains(map)) {
        inflated.add(copy(tensors.read(map), map));
      }
    }
    return inflated;
  }

  ObjectNode config() {
    ObjectNode config = InflatedConfig.of(draft.directory(), widening, draft.config().rmsNormEps());
    InflatedConfig.widen(config, widening, "target_hidden_size");
    config.remove(DraftConfig.FEATURE_LAYERS); // those of a deeper target are others
    return config;
  }

  private static TensorRows copy(TensorData data, String name) {
    ByteBuffer bytes = data.bytes();
    return new TensorRows(
        name, data.type(), data.shape(), (row, into) -> into.put(bytes.duplicate()));
  }
}
