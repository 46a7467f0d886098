package io.heterospec.processor.checkpoint;

import java.nio.file.Path;

/**
 * A Llama target on disk with every tensor's presence and shape checked.
 *
 * @param directory the Hugging Face directory
 * @param config its configuration
 * @param tensors its weights, stored {@code (out, in)}
 */
public record TargetCheckpoint(Path directory, TargetConfig config, Safetensors tensors)
    implements AutoCloseable {
  public static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String LM_HEAD = "lm_head.weight";

  /**
   * Opens and checks a directory.
   *
   * @throws CheckpointException naming the file and the field or tensor at fault
   */
  public static TargetCheckpoint open(Path directory) {
    TargetConfig config = TargetConfig.read(directory);
    Safetensors tensors = Safetensors.open(directory);
    try {
      check(config, tensors);
      return new TargetCheckpoint(directory, config, tensors);
    } catch (CheckpointException e) {
      tensors.close();
      throw e;
    }
  }

  /** Name of the {@code (vocabulary, hidden)} output matrix: tied embeddings win over a copy. */
  public String outputTensor() {
    return config.tieWordEmbeddings() ? EMBEDDING : LM_HEAD;
  }

  @Override
  public void close() {
    tensors.close();
  }

  private static void check(TargetConfig config, Safetensors tensors) {
    TensorRequirements require = new TensorRequirements(tensors);
    long hidden = config.hiddenSize();
    long intermediate = config.intermediateSize();
    long queries = (long) config.heads() * config.headDim();
    long keys = (long) config.kvHeads() * config.headDim();
    require.weight(EMBEDDING, config.vocabularySize(), hidden);
    for (int i = 0; i < config.layers(); i++) {
      String layer = "model.layers." + i + ".";
      require.weight(layer + "input_layernorm.weight", hidden);
      require.weight(layer + "self_attn.q_proj.weight", queries, hidden);
      require.weight(layer + "self_attn.k_proj.weight", keys, hidden);
      require.weight(layer + "self_attn.v_proj.weight", keys, hidden);
      require.weight(layer + "self_attn.o_proj.weight", hidden, queries);
      require.weight(layer + "post_attention_layernorm.weight", hidden);
      require.weight(layer + "mlp.gate_proj.weight", intermediate, hidden);
      require.weight(layer + "mlp.up_proj.weight", intermediate, hidden);
      require.weight(layer + "mlp.down_proj.weight", hidden, intermediate);
    }
    require.weight("model.norm.weight", hidden);
    if (!config.tieWordEmbeddings()) {
      if (!tensors.contains(LM_HEAD)) {
        throw new CheckpointException(
            tensors.fileOf(EMBEDDING)
                + ": tensor "
                + LM_HEAD
                + " is missing; set tie_word_embeddings to true in config.json if it is shared");
      }
      require.weight(LM_HEAD, config.vocabularySize(), hidden);
    }
  }
}
