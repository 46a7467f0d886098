package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * A head's config.json as the speculators library writes it: the layer's fields stand in an object
 * of their own, and what is left out has defaults of its own.
 */
final class SpeculatorConfig {
  private static final String TYPE = "speculators_model_type";
  private static final String LAYER = "transformer_layer_config";
  private static final String RESIDUAL = "norm_before_residual";

  private SpeculatorConfig() {}

  static boolean is(ConfigJson config) {
    return config.has(TYPE);
  }

  /** The fields side by side, as in other heads' files; any other file is left as it is. */
  static ConfigJson flattened(ConfigJson config) {
    if (!is(config)) {
      return config;
    }
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    config.object(LAYER).ifPresent(layer -> fields.setAll((ObjectNode) layer.node()));
    config
        .node()
        .properties()
        .forEach(
            field -> {
              boolean known = fields.has(field.getKey()) && field.getValue().isNull();
              if (!field.getKey().equals(LAYER) && !known) {
                fields.set(field.getKey(), field.getValue());
              }
            });
    if (!fields.hasNonNull(RESIDUAL)) {
      fields.put(RESIDUAL, true);
    }
    return new ConfigJson(config.file(), fields);
  }

  /**
   * @throws CheckpointException naming what another kind of speculator or layer would need
   */
  static void requireEagle3(ConfigJson config) {
    if (!is(config)) {
      return;
    }
    if (!config.text(TYPE, "").equals("eagle3")) {
      throw config.unsupported(TYPE, "is not supported; only eagle3 is");
    }
    Optional<ConfigJson> layer = config.object(LAYER);
    if (layer.isPresent() && !layer.get().text("model_type", "llama").equals("llama")) {
      throw layer
          .get()
          .unsupported("model_type", "is not supported for a head's layer; only llama is");
    }
  }
}
