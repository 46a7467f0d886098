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

  static DecoderShape read(ModelFamily family, ConfigJson config) {
    UnsupportedFields.refuse(config);
    int hidden = config.positiveInt("hidden_size");
    int heads = config.positiveInt("num_attention_heads");
    int kvHeads = config.positiveInt("num_key_value_heads", family.defaultKvHeads(heads));
    if (heads % kvHeads != 0) {
      throw config.unsupported("num_key_value_heads", "must divide num_attention_heads = " + heads);
    }
    if (!config.has("head_dim") && !family.hasDefaultHeadDim() && hidden % heads != 0) {
      throw config.unsupported(
          "hidden_size",
          "is not a multiple of num_attention_heads = " + heads + " and head_dim is missing");
    }
    int headDim = config.positiveInt("head_dim", family.defaultHeadDim(hidden, heads));
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
        config.positiveInt("max_position_embeddings", family.defaultContextLength()),
        config.positive("rms_norm_eps", 1e-6));
  }
}
