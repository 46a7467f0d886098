package io.heterospec.processor.checkpoint;

import java.nio.file.Path;
import java.util.List;

/**
 * An EAGLE-3 head on disk, checked by itself and against its target.
 *
 * @param directory the head's directory
 * @param config its configuration
 * @param tensors its weights, stored {@code (out, in)}
 */
public record DraftCheckpoint(Path directory, DraftConfig config, CheckpointTensors tensors)
    implements AutoCloseable {

  /** Layers a target needs so that its three feature layers 2, L/2 and L-3 exist. */
  public static final int MIN_TARGET_LAYERS = 4;

  public static final String EMBEDDING = "embed_tokens.weight";
  static final String LAYER = "midlayer.";

  /**
   * Opens and checks a head.
   *
   * @param target configuration of the target it shall draft for
   * @throws CheckpointException naming the file and the field or tensor at fault
   */
  public static DraftCheckpoint open(Path directory, TargetConfig target) {
    DraftConfig config = DraftConfig.read(directory);
    requireFit(directory.resolve("config.json"), config, target);
    return open(directory, config);
  }

  /** Opens a head without a target to compare it with. */
  static DraftCheckpoint open(Path directory, DraftConfig config) {
    CheckpointTensors tensors = CheckpointTensors.open(directory, HeadNames::canonical);
    try {
      check(config, tensors);
      return new DraftCheckpoint(directory, config, tensors);
    } catch (CheckpointException e) {
      tensors.close();
      throw e;
    }
  }

  /**
   * Target id of each draft id: {@code id + d2t[id]}.
   *
   * @return {@code draftVocabularySize} distinct ids
   */
  public int[] draftToTarget() {
    return DraftVocabulary.read(config, tensors);
  }

  /** Whether the head has its own {@code (vocabulary, hidden)} embeddings. */
  public boolean hasOwnEmbedding() {
    return tensors.contains(EMBEDDING);
  }

  @Override
  public void close() {
    tensors.close();
  }

  static void requireFit(Path file, DraftConfig config, TargetConfig target) {
    requireSame(file, "hidden size", config.targetHiddenSize(), target.hiddenSize());
    requireSame(file, "vocabulary", config.vocabularySize(), target.vocabularySize());
    if (target.layers() < MIN_TARGET_LAYERS) {
      throw new CheckpointException(
          "%s: an EAGLE-3 head needs a target of at least %d layers, this one has %d; run it without a head"
              .formatted(file, MIN_TARGET_LAYERS, target.layers()));
    }
    List<Integer> read = List.of(2, target.layers() / 2, target.layers() - 3);
    if (!config.featureLayers().isEmpty() && !config.featureLayers().equals(read)) {
      throw new CheckpointException(
          "%s: %s = %s is not supported; of this target's %d layers only %s can be read"
              .formatted(
                  file, DraftConfig.FEATURE_LAYERS, config.featureLayers(), target.layers(), read));
    }
  }

  private static void requireSame(Path file, String what, int head, int target) {
    if (head != target) {
      throw new CheckpointException(
          "%s: the head was made for a target with %s %d, this target has %d; use the head of this target"
              .formatted(file, what, head, target));
    }
  }

  private static void check(DraftConfig config, CheckpointTensors tensors) {
    TensorRequirements require = new TensorRequirements(tensors);
    // Embeddings come from the target unless their width differs.
    boolean embedding =
        tensors.contains(EMBEDDING) || config.hiddenSize() != config.targetHiddenSize();
    require.weights(DecoderTensors.of(config, embedding));
    require.noOthers(
        name -> name.endsWith(".rotary_emb.inv_freq"),
        LAYER,
        "layers.",
        "fc.",
        "fc_norm.",
        "norm.",
        "lm_head.");
    DraftVocabulary.read(config, tensors);
  }
}
