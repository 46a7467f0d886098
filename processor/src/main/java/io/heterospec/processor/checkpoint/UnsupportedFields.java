package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/**
 * Fields of a config.json that change what a model computes and that this program does not
 * implement, with the one value at which they change nothing. A model that has another value is
 * refused, as its text would be wrong without any error.
 */
final class UnsupportedFields {
  /** An empty text stands for anything that switches the feature off: null, false, 0, []. */
  private static final Map<String, String> NEUTRAL =
      Map.ofEntries(
          Map.entry("hidden_act", "silu"),
          Map.entry("hidden_activation", "silu"),
          Map.entry("position_embedding_type", "rope"),
          Map.entry("partial_rotary_factor", "1"),
          Map.entry("rope_interleaved", ""),
          Map.entry("no_rope_layers", ""),
          Map.entry("no_rope_layer_interval", ""),
          Map.entry("attn_logit_softcapping", ""),
          Map.entry("final_logit_softcapping", ""),
          Map.entry("query_pre_attn_scalar", ""),
          Map.entry("attn_temperature_tuning", ""),
          Map.entry("attention_multiplier", "1"),
          Map.entry("embedding_multiplier", "1"),
          Map.entry("residual_multiplier", "1"),
          Map.entry("logits_scaling", "1"),
          Map.entry("logit_scale", "1"),
          Map.entry("clip_qkv", ""),
          Map.entry("use_qk_norm", ""),
          Map.entry("qk_layernorm", ""),
          Map.entry("parallel_attn", ""),
          Map.entry("use_parallel_residual", ""),
          Map.entry("attention_chunk_size", ""),
          Map.entry("num_local_experts", ""),
          Map.entry("num_experts", ""),
          Map.entry("cross_attention_layers", ""),
          Map.entry("quantization_config", ""),
          // Heads of other trainers.
          Map.entry("norm_before_fc", ""),
          Map.entry("fc_norm", ""),
          Map.entry("norm_output", ""),
          Map.entry("fc_bias", ""),
          Map.entry("eagle_aux_hidden_state_layer_ids", ""));

  private UnsupportedFields() {}

  /**
   * @throws CheckpointException naming the first such field
   */
  static void refuse(ConfigJson config) {
    config
        .node()
        .properties()
        .forEach(
            field -> {
              String neutral = NEUTRAL.get(field.getKey());
              if (neutral != null && !isNeutral(field.getValue(), neutral)) {
                throw config.unsupported(
                    field.getKey(),
                    neutral.isEmpty()
                        ? "is not supported; use a checkpoint without it"
                        : "is not supported; only " + neutral + " is");
              }
            });
    config.object("eagle_config").ifPresent(UnsupportedFields::refuse);
  }

  private static boolean isNeutral(JsonNode value, String neutral) {
    boolean nothing =
        value.isNull()
            || (value.isBoolean() && !value.booleanValue())
            || (value.isNumber() && value.doubleValue() == 0)
            || (value.isContainerNode() && value.isEmpty());
    if (neutral.isEmpty()) {
      return nothing;
    }
    return value.isNull()
        || (value.isNumber()
            ? neutral.equals("1") && value.doubleValue() == 1
            : value.asText().equals(neutral));
  }
}
