package io.heterospec.processor.checkpoint;

/**
 * What a decoder layer has beyond the plain Llama layer.
 *
 * @param qkvBias biases of the query, key and value projections
 * @param outputBias bias of the attention's output projection
 * @param mlpBias biases of the MLP's three projections
 * @param headNorm RMS norms over each query and key head, before the rotary embedding
 */
public record DecoderVariant(
    boolean qkvBias, boolean outputBias, boolean mlpBias, boolean headNorm) {

  /** Llama as it is published. */
  public static final DecoderVariant PLAIN = new DecoderVariant(false, false, false, false);

  static DecoderVariant of(ModelFamily family, ConfigJson config) {
    boolean attention = config.flag("attention_bias", false);
    boolean mlp = config.flag("mlp_bias", false);
    return switch (family) {
      case LLAMA -> new DecoderVariant(attention, attention, mlp, false);
      case MISTRAL -> refusing(config, PLAIN, "attention_bias", "mlp_bias");
      case QWEN2 -> refusing(config, new DecoderVariant(true, false, false, false), "mlp_bias");
      case QWEN3 ->
          refusing(config, new DecoderVariant(attention, attention, false, true), "mlp_bias");
    };
  }

  // EAGLE's own code calls the flag of a head's three projections qkv_bias.
  static DecoderVariant ofHead(ConfigJson config) {
    boolean attention = config.flag("attention_bias", false);
    return new DecoderVariant(
        config.flag("qkv_bias", attention), attention, config.flag("mlp_bias", false), false);
  }

  // The family's own code has no such bias and would not read it.
  private static DecoderVariant refusing(
      ConfigJson config, DecoderVariant variant, String... flags) {
    for (String flag : flags) {
      if (config.flag(flag, false)) {
        throw config.unsupported(flag, "is not known of this model_type; set it to false");
      }
    }
    return variant;
  }
}
