package io.heterospec.processor.checkpoint;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Configuration of a target of the Llama, Mistral, Qwen2 or Qwen3 family, from {@code config.json}
 * and, where present, {@code generation_config.json} of a Hugging Face directory.
 *
 * @param modelType {@code llama}, {@code mistral}, {@code qwen2} or {@code qwen3}
 * @param hiddenSize width of the residual stream
 * @param layers decoder layers
 * @param heads query heads
 * @param kvHeads key-value heads; divides {@code heads}
 * @param headDim dimensions of a head, even
 * @param intermediateSize width of the MLP
 * @param vocabularySize token ids, {@code [0, vocabularySize)}
 * @param contextLength longest sequence in tokens
 * @param rmsNormEps epsilon of all norms
 * @param ropeTheta base of the rotary frequencies
 * @param ropeScaling stretch of them, or null
 * @param variant what a layer has beyond Llama's
 * @param slidingWindow attention to the last tokens only, or null for all
 * @param tieWordEmbeddings whether the output layer is the embedding matrix
 * @param bosTokenId beginning of text, -1 for none
 * @param eosTokenIds tokens that end a generation, possibly empty
 * @param defaultMaxTokens tokens to generate where a request does not say
 */
public record TargetConfig(
    String modelType,
    int hiddenSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int intermediateSize,
    int vocabularySize,
    int contextLength,
    double rmsNormEps,
    double ropeTheta,
    RopeScaling ropeScaling,
    DecoderVariant variant,
    SlidingWindow slidingWindow,
    boolean tieWordEmbeddings,
    int bosTokenId,
    int[] eosTokenIds,
    int defaultMaxTokens) {

  /** Several times what any model has; what is reckoned for each layer stays small. */
  private static final int MAX_LAYERS = 1024;

  private static final int DEFAULT_MAX_TOKENS = 256;

  /**
   * Reads a model directory's configuration.
   *
   * @throws CheckpointException when it is missing, broken, or of a model that is not supported
   */
  public static TargetConfig read(Path directory) {
    ConfigJson config = ConfigJson.read(directory.resolve("config.json"));
    requireTarget(config);
    ModelFamily family = ModelFamily.of(config);
    Optional<ConfigJson> generation =
        ConfigJson.readIfPresent(directory.resolve("generation_config.json"));
    DecoderShape shape = DecoderShape.read(family, config);
    int[] eos = preferred(generation, config, "eos_token_id");
    int[] bos = preferred(generation, config, "bos_token_id");
    requireInVocabulary(config, "eos_token_id", eos, shape.vocabularySize());
    requireInVocabulary(config, "bos_token_id", bos, shape.vocabularySize());
    RopeScaling scaling = RopeScaling.from(config, shape.contextLength());
    int context = RopeScaling.contextLength(scaling, shape.contextLength());
    int layers = config.positiveInt("num_hidden_layers");
    if (layers > MAX_LAYERS) {
      throw config.unsupported("num_hidden_layers", "is above " + MAX_LAYERS);
    }
    return new TargetConfig(
        family.modelType(),
        shape.hiddenSize(),
        layers,
        shape.heads(),
        shape.kvHeads(),
        shape.headDim(),
        shape.intermediateSize(),
        shape.vocabularySize(),
        context,
        shape.rmsNormEps(),
        RopeScaling.theta(config),
        scaling,
        DecoderVariant.of(family, config),
        SlidingWindow.of(family, config, layers, context),
        config.flag("tie_word_embeddings", false),
        bos.length == 0 ? -1 : bos[0],
        eos,
        generation
            .map(g -> g.positiveInt("max_new_tokens", DEFAULT_MAX_TOKENS))
            .orElse(DEFAULT_MAX_TOKENS));
  }

  /** Bytes of keys and values that one token costs in all layers. */
  public long kvBytesPerToken(int bytesPerValue) {
    return 2L * layers * kvHeads * headDim * bytesPerValue;
  }

  private static void requireTarget(ConfigJson config) {
    if (config.architecture().contains("Eagle") || DraftConfig.isHead(config)) {
      throw new CheckpointException(
          config.file()
              + " describes a draft head ("
              + config.architecture()
              + "), not a target; give it as the draft");
    }
  }

  // generation_config.json wins, as in Hugging Face's generate().
  private static int[] preferred(Optional<ConfigJson> generation, ConfigJson config, String field) {
    return generation.filter(g -> g.has(field)).orElse(config).tokenIds(field);
  }

  private static void requireInVocabulary(
      ConfigJson config, String field, int[] ids, int vocabulary) {
    for (int id : ids) {
      if (id >= vocabulary) {
        throw new CheckpointException(
            config.file()
                + ": "
                + field
                + " "
                + id
                + " is outside the vocabulary of "
                + vocabulary
                + " tokens; correct the field or vocab_size");
      }
    }
  }
}
