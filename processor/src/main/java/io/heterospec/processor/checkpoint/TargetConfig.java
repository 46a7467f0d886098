package io.heterospec.processor.checkpoint;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Configuration of a Llama-family target, from {@code config.json} and, where present, {@code
 * generation_config.json} of a Hugging Face directory.
 *
 * @param modelType always {@code llama}
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
    boolean tieWordEmbeddings,
    int bosTokenId,
    int[] eosTokenIds,
    int defaultMaxTokens) {

  private static final String LLAMA = "llama";
  private static final String ARCHITECTURE = "LlamaForCausalLM";
  private static final int DEFAULT_MAX_TOKENS = 256;

  /**
   * Reads a model directory's configuration.
   *
   * @throws CheckpointException when it is missing, broken, or of a model that is not supported
   */
  public static TargetConfig read(Path directory) {
    ConfigJson config = ConfigJson.read(directory.resolve("config.json"));
    requireLlama(config);
    Optional<ConfigJson> generation =
        ConfigJson.readIfPresent(directory.resolve("generation_config.json"));
    DecoderShape shape = DecoderShape.read(config);
    int[] eos = preferred(generation, config, "eos_token_id");
    int[] bos = preferred(generation, config, "bos_token_id");
    requireInVocabulary(config, "eos_token_id", eos, shape.vocabularySize());
    requireInVocabulary(config, "bos_token_id", bos, shape.vocabularySize());
    return new TargetConfig(
        LLAMA,
        shape.hiddenSize(),
        config.positiveInt("num_hidden_layers"),
        shape.heads(),
        shape.kvHeads(),
        shape.headDim(),
        shape.intermediateSize(),
        shape.vocabularySize(),
        shape.contextLength(),
        shape.rmsNormEps(),
        RopeScaling.theta(config),
        RopeScaling.from(config),
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

  private static void requireLlama(ConfigJson config) {
    if (config.architecture().contains("Eagle")) {
      throw new CheckpointException(
          config.file()
              + " describes a draft head ("
              + config.architecture()
              + "), not a target; give it as the draft");
    }
    if (!config.has("model_type") && !config.architecture().equals(ARCHITECTURE)) {
      throw config.missing("model_type");
    }
    if (!config.text("model_type", LLAMA).equals(LLAMA)) {
      throw config.unsupported("model_type", "is not supported; only llama is");
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
