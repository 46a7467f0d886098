package io.heterospec.processor.checkpoint;

import java.util.ArrayList;
import java.util.List;

/** The tensors that configurations ask for, in the order in which models read them. */
final class DecoderTensors {
  private final List<TensorSpec> tensors = new ArrayList<>();

  private DecoderTensors() {}

  /** Those of a target. */
  static List<TensorSpec> of(TargetConfig config) {
    DecoderTensors all = new DecoderTensors();
    long hidden = config.hiddenSize();
    all.add(TargetCheckpoint.EMBEDDING, config.vocabularySize(), hidden);
    for (int i = 0; i < config.layers(); i++) {
      String layer = "model.layers." + i + ".";
      all.add(layer + "input_layernorm.weight", hidden);
      all.add(layer + "post_attention_layernorm.weight", hidden);
      all.layer(
          layer,
          hidden,
          hidden,
          (long) config.heads() * config.headDim(),
          (long) config.kvHeads() * config.headDim(),
          config.intermediateSize(),
          config.variant());
      if (config.variant().headNorm()) {
        all.add(layer + "self_attn.q_norm.weight", config.headDim());
        all.add(layer + "self_attn.k_norm.weight", config.headDim());
      }
    }
    all.add("model.norm.weight", hidden);
    if (!config.tieWordEmbeddings()) {
      all.add(TargetCheckpoint.LM_HEAD, config.vocabularySize(), hidden);
    }
    return all.tensors;
  }

  /**
   * Those of a head, without its vocabulary map.
   *
   * @param embedding whether it has its own embeddings
   */
  static List<TensorSpec> of(DraftConfig config, boolean embedding) {
    DecoderTensors all = new DecoderTensors();
    long hidden = config.hiddenSize();
    String layer = DraftCheckpoint.LAYER;
    if (embedding) {
      all.add(DraftCheckpoint.EMBEDDING, config.vocabularySize(), hidden);
    }
    all.add("fc.weight", hidden, 3L * config.targetHiddenSize());
    all.add(layer + "hidden_norm.weight", hidden);
    all.add(layer + "input_layernorm.weight", hidden);
    all.add(layer + "post_attention_layernorm.weight", hidden);
    all.layer(
        layer,
        hidden,
        2 * hidden,
        (long) config.heads() * config.headDim(),
        (long) config.kvHeads() * config.headDim(),
        config.intermediateSize(),
        config.variant());
    all.add("norm.weight", hidden);
    all.add("lm_head.weight", config.draftVocabularySize(), hidden);
    return all.tensors;
  }

  private void layer(
      String prefix,
      long hidden,
      long in,
      long queries,
      long keys,
      long intermediate,
      DecoderVariant variant) {
    String attention = prefix + "self_attn.";
    linear(attention + "q_proj", variant.qkvBias(), queries, in);
    linear(attention + "k_proj", variant.qkvBias(), keys, in);
    linear(attention + "v_proj", variant.qkvBias(), keys, in);
    linear(attention + "o_proj", variant.outputBias(), hidden, queries);
    linear(prefix + "mlp.gate_proj", variant.mlpBias(), intermediate, hidden);
    linear(prefix + "mlp.up_proj", variant.mlpBias(), intermediate, hidden);
    linear(prefix + "mlp.down_proj", variant.mlpBias(), hidden, intermediate);
  }

  private void linear(String name, boolean bias, long out, long in) {
    add(name + ".weight", out, in);
    if (bias) {
      add(name + ".bias", out);
    }
  }

  private void add(String name, long... shape) {
    tensors.add(new TensorSpec(name, shape));
  }
}
