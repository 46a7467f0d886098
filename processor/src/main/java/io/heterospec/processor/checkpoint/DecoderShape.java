package io.heterospec.processor.checkpoint;

/** The fields that a target's and a head's config.json share, read and checked once. */
record DecoderShape(
    int hiddenSize,
    int heads,
    int kvHeads,
    int headDim,
    int intermediateSize,
    int vocabularySize,
    int contextLength,
    double rmsNormEps) {

  /** What Hugging Face assumes for Llama when the field is missing. */
  private static final int DEFAULT_CONTEXT_LENGTH = 2048;

  static DecoderShape read(ConfigJson config) {
    for (String bias : new String[] {"attention_bias", "mlp_bias"}) {
      if (config.flag(bias, false)) {
        throw config.unsupported(bias, "is not supported; use a checkpoint without biases");
      }
    }
    if (!config.text("hidden_act", "silu").equals("silu")) {
      throw config.unsupported("hidden_act", "is not supported; only silu is");
    }
    int hidden = config.positiveInt("hidden_size");
    int heads = config.positiveInt("num_attention_heads");
    int kvHeads = config.positiveInt("num_key_value_heads", heads);
    if (heads % kvHeads != 0) {
      throw config.unsupported("num_key_value_heads", "must divide num_attention_heads = " + heads);
    }
    if (!config.has("head_dim") && hidden % heads != 0) {
      throw config.unsupported(
          "hidden_size",
          "is not a multiple of num_attention_heads = " + heads + " and head_dim is missing");
    }
    int headDim = config.positiveInt("head_dim", hidden / heads);
    if (headDim % 2 != 0) {
      throw new CheckpointException(
          config.file() + ": head_dim = " + headDim + " must be even for rotary embeddings");
    }
    return new DecoderShape(
        hidden,
        heads,
        kvHeads,
        headDim,
        config.positiveInt("intermediate_size"),
        config.positiveInt("vocab_size"),
        config.positiveInt("max_position_embeddings", DEFAULT_CONTEXT_LENGTH),
        config.positive("rms_norm_eps", 1e-6));
  }
}
