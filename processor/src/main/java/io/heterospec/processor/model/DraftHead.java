package io.heterospec.processor.model;

import io.heterospec.processor.checkpoint.CheckpointTensors;
import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.DraftConfig;
import io.heterospec.processor.checkpoint.LoadProgress;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Result;
import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.ScriptSource;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import io.heterospec.processor.torch.WeightLoader;
import java.util.List;

/**
 * An EAGLE-3 head (reference: SafeAILab/EAGLE, {@code eagle/model/cnets.py}): one decoder layer
 * that reads the target's features. Row {@code j} of its context pairs the features of token {@code
 * j} with the embedding of token {@code j+1}, stands at position {@code j} and predicts token
 * {@code j+2}. Belongs to the device's thread.
 */
public final class DraftHead implements AutoCloseable {
  private static final String LAYER = "midlayer.";
  private static final LayerScript LAYER_SCRIPT = LayerScript.HEAD;

  private final TorchDevice device;
  private final ScriptModule module;
  private final DraftConfig config;
  private final KvMemory memory;

  private DraftHead(
      TorchDevice device, Arithmetic arithmetic, ScriptModule module, DraftConfig config) {
    this.device = device;
    this.module = module;
    this.config = config;
    long rowBytes = 2L * config.kvHeads() * config.headDim() * arithmetic.dtype().bytes();
    LayerDevices here = LayerDevices.single(device, 1);
    this.memory = new KvMemory(here, module, config.kvHeads(), rowBytes);
  }

  /** Loads a head that was checked against this target. */
  public static DraftHead load(
      TorchDevice device, Arithmetic arithmetic, DraftCheckpoint draft, TargetModel target) {
    return load(device, arithmetic, draft, target, LoadProgress.NONE);
  }

  /** Loads a head that was checked against this target and tells how far it has come. */
  public static DraftHead load(
      TorchDevice device,
      Arithmetic arithmetic,
      DraftCheckpoint draft,
      TargetModel target,
      LoadProgress progress) {
    DraftConfig config = draft.config();
    ScriptSource source =
        DecoderScript.of(
                "Head",
                arithmetic,
                config.heads(),
                config.kvHeads(),
                config.headDim(),
                config.rmsNormEps())
            .include("head")
            .define("residual", config.normBeforeResidual() ? "seen" : "hidden");
    LAYER_SCRIPT.define(source, config.variant(), null);
    ScriptModule module = ScriptModule.compile(device, source);
    try (WeightLoader weights = new WeightLoader(device, arithmetic, progress)) {
      addWeights(weights, draft, target);
      weights.install(module);
    } catch (RuntimeException e) {
      module.close();
      throw e;
    }
    return new DraftHead(device, arithmetic, module, config);
  }

  private static void addWeights(WeightLoader weights, DraftCheckpoint draft, TargetModel target) {
    DraftConfig config = draft.config();
    CheckpointTensors tensors = draft.tensors();
    if (draft.hasOwnEmbedding()) {
      weights.add(tensors, DraftCheckpoint.EMBEDDING);
    } else {
      try (Tensor embedding = target.lastEmbedding()) {
        weights.add(embedding);
      }
    }
    RotaryTable.of(
            target.config().contextLength(),
            config.headDim(),
            config.ropeTheta(),
            config.ropeScaling())
        .addTo(weights);
    String attention = LAYER + "self_attn.";
    weights
        .addLinear(tensors, "fc.weight")
        .addNorm(tensors, LAYER + "hidden_norm.weight")
        .addNorm(tensors, LAYER + "input_layernorm.weight")
        .addLinear(
            tensors,
            attention + "q_proj.weight",
            attention + "k_proj.weight",
            attention + "v_proj.weight")
        .addLinear(tensors, attention + "o_proj.weight")
        .addNorm(tensors, LAYER + "post_attention_layernorm.weight")
        .addLinear(tensors, LAYER + "mlp.gate_proj.weight", LAYER + "mlp.up_proj.weight")
        .addLinear(tensors, LAYER + "mlp.down_proj.weight")
        .addNorm(tensors, "norm.weight")
        .addLinear(tensors, "lm_head.weight")
        .addIndices(draft.draftToTarget());
    LAYER_SCRIPT.addWeights(
        weights, tensors, LAYER, config.variant(), config.heads(), config.kvHeads());
  }

  public DraftConfig config() {
    return config;
  }

  /** Where its caches lie. */
  public KvMemory memory() {
    return memory;
  }

  /** An empty cache with room for {@code rows}. */
  public KvCache newCache(int rows) {
    return memory.open(rows);
  }

  /**
   * Adds context rows without proposing anything, which takes less than {@link #extend}: the layer
   * is computed up to its keys and values only.
   *
   * @param batch of each sequence rows with the ids of the tokens <em>after</em> those of the
   *     features, at the positions of the features' tokens
   * @param features of the batch's rows, in their order
   */
  public void addContext(RowBatch batch, List<Features.Rows> features) {
    FeatureParts parts = FeatureParts.of(features, 0);
    PassInput input = batch.input(parts.indices());
    try (Tensor ints = input.ints(device)) {
      module.call("read", parts.tensors(), ints, input.layout(), input.pools()).close();
    }
    batch.append();
  }

  /**
   * Adds context rows and proposes the {@code k} most probable tokens after the last of each
   * sequence: one row of proposals a sequence.
   */
  public Proposals extend(RowBatch batch, List<Features.Rows> features, int k) {
    FeatureParts parts = FeatureParts.of(features, batch.sequences());
    for (int i = 0; i < batch.sequences(); i++) {
      parts.addIndex((long) batch.start(i) + batch.count(i) - 1);
    }
    PassInput input = batch.input(parts.indices());
    try (Tensor ints = input.ints(device);
        Tensor trees = input.trees(device)) {
      Result result =
          module.call("extend", parts.tensors(), ints, trees, input.layout(), input.pools(), k);
      Proposals proposals = proposals(result.tensors(), k);
      batch.append();
      return proposals;
    }
  }

  /**
   * One level of the draft trees of several sequences. The nodes take scratch rows of their cache
   * after those of the levels above.
   *
   * @param batch nodes with their parents' rows in {@code hidden}; each sequence's mask spans all
   *     scratch rows of its tree so far
   * @param hidden of the level above
   */
  public Proposals level(RowBatch batch, Tensor hidden, int k) {
    PassInput input = batch.input();
    try (Tensor ints = input.ints(device);
        Tensor trees = input.trees(device)) {
      return proposals(
          module.call("level", hidden, ints, trees, input.layout(), input.pools(), k).tensors(), k);
    }
  }

  private static Proposals proposals(Tensor[] out, int k) {
    try (Tensor top = out[0]) {
      return new Proposals(top.toFloats(), k, out[1]);
    } catch (RuntimeException e) {
      out[1].close();
      throw e;
    }
  }

  @Override
  public void close() {
    memory.close();
    module.close();
  }
}
