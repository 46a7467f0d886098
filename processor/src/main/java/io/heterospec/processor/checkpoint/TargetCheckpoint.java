package io.heterospec.processor.checkpoint;

import java.nio.file.Path;

/**
 * A target on disk with every tensor's presence and shape checked.
 *
 * @param directory the Hugging Face directory
 * @param config its configuration
 * @param tensors its weights, stored {@code (out, in)}
 */
public record TargetCheckpoint(Path directory, TargetConfig config, CheckpointTensors tensors)
    implements AutoCloseable {
  public static final String EMBEDDING = "model.embed_tokens.weight";
  static final String LM_HEAD = "lm_head.weight";

  /**
   * Opens and checks a directory.
   *
   * @throws CheckpointException naming the file and the field or tensor at fault
   */
  public static TargetCheckpoint open(Path directory) {
    TargetConfig config = TargetConfig.read(directory);
    CheckpointTensors tensors = CheckpointTensors.open(directory);
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

  private static void check(TargetConfig config, CheckpointTensors tensors) {
    if (!config.tieWordEmbeddings() && !tensors.contains(LM_HEAD)) {
      throw new CheckpointException(
          tensors.fileOf(EMBEDDING)
              + ": tensor "
              + LM_HEAD
              + " is missing; set tie_word_embeddings to true in config.json if it is shared");
    }
    TensorRequirements require = new TensorRequirements(tensors);
    require.weights(DecoderTensors.of(config));
    require.noOthers(TargetCheckpoint::changesNothing, "model.", "lm_head.");
  }

  // Older files keep the rotary frequencies that the configuration tells, and some with tied
  // embeddings a copy of them.
  private static boolean changesNothing(String tensor) {
    return tensor.endsWith(".rotary_emb.inv_freq") || tensor.equals(LM_HEAD);
  }
}
