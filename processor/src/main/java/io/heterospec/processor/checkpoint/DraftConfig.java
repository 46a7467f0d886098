package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Configuration of an EAGLE-3 draft head, from its {@code config.json}.
 *
 * @param hiddenSize width of the head's residual stream
 * @param targetHiddenSize width of the target's; a feature row has three times as many values
 * @param heads query heads
 * @param kvHeads key-value heads; divides {@code heads}
 * @param headDim dimensions of a head, even
 * @param intermediateSize width of the MLP
 * @param vocabularySize the target's vocabulary
 * @param draftVocabularySize tokens the head can propose
 * @param rmsNormEps epsilon of all norms
 * @param ropeTheta base of the rotary frequencies
 * @param ropeScaling stretch of them, or null
 * @param contextLength positions the head was configured for; the target's limit is what counts
 * @param variant what its layer has beyond Llama's
 * @param normBeforeResidual whether the residual stream starts from the normalised features, as
 *     speculators trains it, rather than from the features themselves
 * @param featureLayers layers of the target whose inputs it reads, where the file tells; otherwise
 *     empty, for EAGLE-3's own
 */
public record DraftConfig(
    int hiddenSize,
    int targetHiddenSize,
    int heads,
    int kvHeads,
    int headDim,
    int intermediateSize,
    int vocabularySize,
    int draftVocabularySize,
    double rmsNormEps,
    double ropeTheta,
    RopeScaling ropeScaling,
    int contextLength,
    DecoderVariant variant,
    boolean normBeforeResidual,
    List<Integer> featureLayers) {
  static final String FEATURE_LAYERS = "eagle_aux_hidden_state_layer_ids";

  /**
   * Reads a head directory's configuration.
   *
   * @throws CheckpointException when it is missing, broken, or not of an EAGLE-3 head
   */
  public static DraftConfig read(Path directory) {
    ConfigJson file = ConfigJson.read(directory.resolve("config.json"));
    SpeculatorConfig.requireEagle3(file);
    ConfigJson config = SpeculatorConfig.flattened(file);
    if (!isHead(config)) {
      throw new CheckpointException(
          config.file()
              + " does not describe an EAGLE-3 head: its architecture is "
              + (config.architecture().isEmpty() ? "missing" : config.architecture())
              + ", expected LlamaForCausalLMEagle3");
    }
    if (config.positiveInt("num_hidden_layers", 1) != 1) {
      throw config.unsupported("num_hidden_layers", "is not supported; a head has one layer");
    }
    if (config.flag("use_sliding_window", false)) {
      throw config.unsupported("use_sliding_window", "is not supported for a head");
    }
    List<Integer> featureLayers = takeFeatureLayers(config);
    DecoderShape shape = DecoderShape.read(ModelFamily.LLAMA, config);
    int draftVocabulary = config.positiveInt("draft_vocab_size", shape.vocabularySize());
    if (draftVocabulary > shape.vocabularySize()) {
      throw config.unsupported("draft_vocab_size", "exceeds vocab_size " + shape.vocabularySize());
    }
    return new DraftConfig(
        shape.hiddenSize(),
        config.positiveInt("target_hidden_size", shape.hiddenSize()),
        shape.heads(),
        shape.kvHeads(),
        shape.headDim(),
        shape.intermediateSize(),
        shape.vocabularySize(),
        draftVocabulary,
        shape.rmsNormEps(),
        RopeScaling.theta(config),
        RopeScaling.from(config, shape.contextLength()),
        shape.contextLength(),
        DecoderVariant.ofHead(config),
        config.flag("norm_before_residual", false),
        featureLayers);
  }

  // Speculators means the layers whose inputs are read. Elsewhere some mean their outputs, so there
  // the field is refused by its name.
  private static List<Integer> takeFeatureLayers(ConfigJson config) {
    if (!SpeculatorConfig.is(config) || !config.has(FEATURE_LAYERS)) {
      return List.of();
    }
    List<Integer> layers = new ArrayList<>();
    for (int layer : config.tokenIds(FEATURE_LAYERS)) {
      layers.add(layer);
    }
    ((ObjectNode) config.node()).remove(FEATURE_LAYERS);
    return List.copyOf(layers);
  }

  /** Bytes of keys and values that one token costs. */
  public long kvBytesPerToken(int bytesPerValue) {
    return 2L * kvHeads * headDim * bytesPerValue;
  }

  // Heads written by EAGLE's own training code keep the target's architecture name.
  static boolean isHead(ConfigJson config) {
    return config.architecture().toLowerCase(Locale.ROOT).contains("eagle3")
        || config.has("draft_vocab_size")
        || SpeculatorConfig.is(config);
  }
}
