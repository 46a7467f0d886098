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
 */
public record ModelSize(
    long values,
    long headValues,
    long largestValues,
    long rowValues,
    long cacheValuesPerToken,
    long vocabulary) {

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
        config.vocabularySize());
  }

  private static long sum(List<TensorSpec> tensors) {
    return tensors.stream().mapToLong(TensorSpec::elements).sum();
  }

  private static long rotary(long positions, long headDim) {
    return 2 * positions * headDim;
  }
}
