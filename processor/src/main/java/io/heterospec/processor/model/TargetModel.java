package io.heterospec.processor.model;

import io.heterospec.processor.checkpoint.Safetensors;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.checkpoint.TargetConfig;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.ScriptSource;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import io.heterospec.processor.torch.WeightLoader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A Llama-family decoder. Every pass also gives the features EAGLE-3 reads: the inputs of layers
 * {@code 2}, {@code L/2} and {@code L−3}, {@code (rows, 3·hidden)}. Belongs to the device's thread.
 */
public final class TargetModel implements AutoCloseable {
  private final TorchDevice device;
  private final ScriptModule module;
  private final TargetConfig config;

  private TargetModel(TorchDevice device, ScriptModule module, TargetConfig config) {
    this.device = device;
    this.module = module;
    this.config = config;
  }

  /**
   * Loads a checkpoint.
   *
   * @param tapFeatures whether a draft head will read the features
   */
  public static TargetModel load(
      TorchDevice device, Arithmetic arithmetic, TargetCheckpoint checkpoint, boolean tapFeatures) {
    TargetConfig config = checkpoint.config();
    int layers = config.layers();
    ScriptSource source =
        DecoderScript.of(
                "Target",
                arithmetic,
                config.heads(),
                config.kvHeads(),
                config.headDim(),
                config.rmsNormEps())
            .include("target")
            .define("layers", layers)
            .define("tap_low", tapFeatures ? 2 : -1)
            .define("tap_middle", tapFeatures ? layers / 2 : -1)
            .define("tap_high", tapFeatures ? layers - 3 : -1);
    ScriptModule module = ScriptModule.compile(device, source);
    try (WeightLoader weights = new WeightLoader(device, arithmetic)) {
      addWeights(weights, checkpoint);
      weights.install(module);
    } catch (RuntimeException e) {
      module.close();
      throw e;
    }
    return new TargetModel(device, module, config);
  }

  private static void addWeights(WeightLoader weights, TargetCheckpoint checkpoint) {
    TargetConfig config = checkpoint.config();
    Safetensors tensors = checkpoint.tensors();
    weights.add(tensors, TargetCheckpoint.EMBEDDING);
    RotaryTable.of(
            config.contextLength(), config.headDim(), config.ropeTheta(), config.ropeScaling())
        .addTo(weights);
    weights.add(tensors, "model.norm.weight").addLinear(tensors, checkpoint.outputTensor());
    for (int i = 0; i < config.layers(); i++) {
      String layer = "model.layers." + i + ".";
      String attention = layer + "self_attn.";
      weights
          .add(tensors, layer + "input_layernorm.weight")
          .addLinear(
              tensors,
              attention + "q_proj.weight",
              attention + "k_proj.weight",
              attention + "v_proj.weight")
          .addLinear(tensors, attention + "o_proj.weight")
          .add(tensors, layer + "post_attention_layernorm.weight")
          .addLinear(tensors, layer + "mlp.gate_proj.weight", layer + "mlp.up_proj.weight")
          .addLinear(tensors, layer + "mlp.down_proj.weight");
    }
  }

  public TargetConfig config() {
    return config;
  }

  /** An empty cache with room for {@code rows}. */
  public KvCache newCache(int rows) {
    return new KvCache(device, module, config.layers(), rows);
  }

  /**
   * Adds tokens to the context.
   *
   * @return features {@code (ids.length, 3·hidden)}, the caller's to close
   */
  public Tensor prefill(int[] ids, int from, int to, KvCache cache) {
    cache.requireRoom(to - from);
    try (Tensor rows = device.longs(ids, from, to)) {
      Tensor features = module.call("prefill", rows, cache.length(), cache.tensor()).tensor();
      cache.append(to - from);
      return features;
    }
  }

  /**
   * One decoding pass over the trees of several sequences: of each the root and the draft nodes
   * below it, with a square mask among them. The rows become scratch rows of their caches, in their
   * order; {@link KvCache#keep} says which stay.
   *
   * @param sampling how each sequence chooses
   * @param uniform a random integer in [0, 2⁵³) for each row; not read for greedy sequences
   * @return the target's next token after every row, and the features
   */
  public Pass verify(RowBatch batch, List<Sampling> sampling, long[] uniform) {
    boolean greedy = sampling.stream().allMatch(Sampling::isGreedy);
    try (Tensor input = batch.idsAndPositions(device);
        Tensor trees = batch.maskCells(device)) {
      Tensor[] out =
          module
              .call(
                  greedy ? "verify_greedy" : "tree_logits",
                  input,
                  trees,
                  batch.counts(),
                  batch.pasts(),
                  batch.tensors())
              .tensors();
      try (Tensor first = out[0]) {
        long[] tokens = greedy ? first.toLongs() : choose(batch, first, sampling, uniform);
        return new Pass(tokens, out[1]);
      }
    }
  }

  // Sequences that sample alike choose together.
  private long[] choose(RowBatch batch, Tensor logits, List<Sampling> sampling, long[] uniform) {
    Map<Sampling, List<Integer>> alike = new LinkedHashMap<>();
    for (int i = 0; i < sampling.size(); i++) {
      alike.computeIfAbsent(sampling.get(i), key -> new ArrayList<>()).add(i);
    }
    long[] tokens = new long[batch.rows()];
    alike.forEach(
        (how, sequences) -> {
          long[] rows =
              sequences.stream()
                  .flatMapToLong(
                      i -> LongStream.range(batch.start(i), (long) batch.start(i) + batch.count(i)))
                  .toArray();
          long[] chosen = choose(logits, rows, how, uniform);
          for (int i = 0; i < rows.length; i++) {
            tokens[(int) rows[i]] = chosen[i];
          }
        });
    return tokens;
  }

  private long[] choose(Tensor logits, long[] rows, Sampling how, long[] uniform) {
    try (Tensor wanted = device.longs(rows, rows.length)) {
      if (how.isGreedy()) {
        try (Tensor chosen = module.call("argmax_rows", logits, wanted).tensor()) {
          return chosen.toLongs();
        }
      }
      long[] picked = LongStream.of(rows).map(row -> uniform[(int) row]).toArray();
      try (Tensor numbers = device.longs(picked, picked.length);
          Tensor chosen =
              module
                  .call(
                      "sample_rows",
                      logits,
                      wanted,
                      numbers,
                      how.temperature(),
                      how.topK(),
                      how.topP())
                  .tensor()) {
        return chosen.toLongs();
      }
    }
  }

  /**
   * What a decoding pass gave.
   *
   * @param tokens next token of every row
   * @param features {@code (rows, 3·hidden)}, the caller's to close
   */
  public record Pass(long[] tokens, Tensor features) {}

  /**
   * Rows of a feature tensor, in the given order.
   *
   * @param counts sizes of the consecutive parts they are wanted in
   * @return the parts, the caller's to close
   */
  public List<Tensor> pick(Tensor features, long[] rows, long[] counts) {
    try (Tensor wanted = device.longs(rows, rows.length)) {
      return module.call("pick", features, wanted, counts).list();
    }
  }

  /**
   * Adds tokens to the context and gives the logits after each.
   *
   * @return {@code (to − from) × vocabulary} values, row by row
   */
  public float[] logits(int[] ids, int from, int to, KvCache cache) {
    cache.requireRoom(to - from);
    try (Tensor rows = device.longs(ids, from, to)) {
      Tensor[] out = module.call("prefill_logits", rows, cache.length(), cache.tensor()).tensors();
      cache.append(to - from);
      try (Tensor logits = out[0];
          Tensor features = out[1]) {
        return logits.toFloats();
      }
    }
  }

  /** The logits of a {@link #verify} pass: {@code rows × vocabulary} values, row by row. */
  public float[] treeLogits(RowBatch batch) {
    try (Tensor input = batch.idsAndPositions(device);
        Tensor trees = batch.maskCells(device)) {
      Tensor[] out =
          module
              .call("tree_logits", input, trees, batch.counts(), batch.pasts(), batch.tensors())
              .tensors();
      try (Tensor logits = out[0];
          Tensor features = out[1]) {
        return logits.toFloats();
      }
    }
  }

  /**
   * Adds tokens to the context and scores what follows each.
   *
   * @param next the token after each row
   * @return for each row the log-probability of {@code next}, then the {@code top} best
   *     log-probabilities, descending, then their ids: {@code 1 + 2·top} values
   */
  public float[] score(int[] ids, int from, int to, long[] next, int top, KvCache cache) {
    cache.requireRoom(to - from);
    try (Tensor rows = device.longs(ids, from, to);
        Tensor following = device.longs(next, next.length)) {
      Tensor[] out = module.call("prefill_logits", rows, cache.length(), cache.tensor()).tensors();
      cache.append(to - from);
      try (Tensor logits = out[0];
          Tensor features = out[1];
          Tensor scores = module.call("score", logits, following, top).tensor()) {
        return scores.toFloats();
      }
    }
  }

  /** Time in scripts of this model since the last call, in nanoseconds. */
  public long takeNanos() {
    return module.takeNanos();
  }

  @Override
  public void close() {
    module.close();
  }
}
