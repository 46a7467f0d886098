package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;

/**
 * The config.json of a widened decoder: the original's fields, those that count dimensions grown.
 */
final class InflatedConfig {
  private InflatedConfig() {}

  /**
   * The fields that targets and heads share.
   *
   * @param directory of the original
   * @param eps epsilon of the original's norms, which its file may leave to the default
   */
  static ObjectNode of(Path directory, Widening widening, double eps) {
    ObjectNode config =
        SpeculatorConfig.flattened(ConfigJson.read(directory.resolve("config.json")))
            .node()
            .deepCopy();
    for (String field :
        new String[] {
          "hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads"
        }) {
      widen(config, widening, field);
    }
    return config.put("rms_norm_eps", eps / widening.width());
  }

  /** Widens one field, where the file has it. */
  static void widen(ObjectNode config, Widening widening, String field) {
    if (config.hasNonNull(field)) {
      config.put(field, Math.multiplyExact(config.get(field).intValue(), widening.width()));
    }
  }
}
