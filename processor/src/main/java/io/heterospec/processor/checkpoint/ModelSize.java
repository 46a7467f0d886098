package io.heterospec.processor.checkpoint;

import java.util.List;

/**
 * How many values a model pair keeps in memory. Multiply by the bytes of a value.
 *
 * @param values weights and rotary tables of both; embeddings that are the output layer, too, are
 *     there twice, as the two are laid out differently
 * @param headValues the head's part of it
 * @param largestValues of the largest product, whose layers are stacked
 * @param rowValues of the activations of one row of a pass, at their most
 * @param cacheValuesPerToken keys and values of a token in both
 * @param vocabulary logits of a row
 * @param parts the same values by where they lie when several devices share them
 */
public record ModelSize(
    long values,
    long headValues,
    long largestValues,
    long rowValues,
    long cacheValuesPerToken,
    long vocabulary,
    Parts parts) {

  /**
   * What can lie on different devices.
   *
   * @param layers of the target
   * @param layer values of one
   * @param first values on the first device only: the embeddings
   * @param last values on the last device only: the output layer, the head, and a copy of the
   *     embeddings where the head has none
   * @param each values on every device: rotary tables
   * @param layerCachePerToken keys and values of a token in one layer
   * @param headCachePerToken those in the head
   */
  public record Parts(
      int layers,
      long layer,
      long first,
      long last,
      long each,
      long layerCachePerToken,
      long headCachePerToken) {}

  /**
   * Reckons it.
   *
   * @param draft the head, or null
   */
  public static ModelSize of(TargetCheckpoint target, DraftCheckpoint draft) {
    TargetConfig config = target.config();
    long embedding = (long) config.vocabularySize() * config.hiddenSize();
    long values =
        sum(DecoderTensors.of(config))
            + (config.tieWordEmbeddings() ? embedding : 0)
            + rotary(config.contextLength(), config.headDim());
    long headValues = 0;
    long cache = config.kvBytesPerToken(1);
    if (draft != null) {
      DraftConfig head = draft.config();
      headValues =
          sum(DecoderTensors.of(head, draft.hasOwnEmbedding()))
              + rotary(config.contextLength(), head.headDim());
      cache += head.kvBytesPerToken(1);
    }
    Parts parts = parts(config, embedding, draft, headValues);
    long gateUp = 2L * config.intermediateSize() * config.hiddenSize();
    long qkv = (config.heads() + 2L * config.kvHeads()) * config.headDim();
    // Three features, the residual stream and its norms, then attention or MLP.
    long row = 8L * config.hiddenSize() + Math.max(3 * qkv, 4L * config.intermediateSize());
    return new ModelSize(
        values + headValues,
        headValues,
        Math.max(embedding, gateUp),
        row,
        cache,
        config.vocabularySize(),
        parts);
  }

  private static Parts parts(
      TargetConfig config, long embedding, DraftCheckpoint draft, long headValues) {
    long layer = 0;
    for (TensorSpec tensor : DecoderTensors.of(config)) {
      layer += tensor.name().startsWith("model.layers.0.") ? tensor.elements() : 0;
    }
    boolean lent = draft != null && !draft.hasOwnEmbedding();
    return new Parts(
        config.layers(),
        layer,
        embedding,
        config.hiddenSize() + embedding + headValues + (lent ? embedding : 0),
        rotary(config.contextLength(), config.headDim()),
        config.kvBytesPerToken(1) / config.layers(),
        draft == null ? 0 : draft.config().kvBytesPerToken(1));
  }

  private static long sum(List<TensorSpec> tensors) {
    return tensors.stream().mapToLong(TensorSpec::elements).sum();
  }

  private static long rotary(long positions, long headDim) {
    return 2 * positions * headDim;
  }
}
