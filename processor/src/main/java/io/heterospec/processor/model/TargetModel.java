package io.heterospec.processor.model;

import io.heterospec.processor.checkpoint.CheckpointTensors;
import io.heterospec.processor.checkpoint.LoadProgress;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.checkpoint.TargetConfig;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Result;
import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.ScriptSource;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import io.heterospec.processor.torch.WeightLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A decoder of the Llama, Mistral, Qwen2 or Qwen3 family. Every pass also gives the features
 * EAGLE-3 reads: the inputs of layers {@code 2}, {@code L/2} and {@code L−3}, {@code (rows,
 * 3·hidden)}, on the last of its devices. Belongs to the devices' thread.
 */
public final class TargetModel implements AutoCloseable {
  private static final LayerScript LAYER = LayerScript.TARGET;
  private static final int WHOLE_TILES = 32;
  private static final int WIDE_PRODUCT = 128;

  /** Rows that are sampled at a time. */
  public static final int SAMPLED_ROWS = 64;

  /** Bytes that sampling takes for each token of the vocabulary and row: six doubles. */
  public static final int SAMPLING_BYTES = 48;

  private final LayerDevices devices;
  private final ScriptModule module;
  private final TargetConfig config;
  private final KvMemory memory;
  private final RowBatch context = new RowBatch();

  private TargetModel(
      LayerDevices devices, Arithmetic arithmetic, ScriptModule module, TargetConfig config) {
    this.devices = devices;
    this.module = module;
    this.config = config;
    long rowBytes =
        2L * config.layers() * config.kvHeads() * config.headDim() * arithmetic.dtype().bytes();
    this.memory = new KvMemory(devices, module, config.kvHeads(), rowBytes);
  }

  /**
   * Loads a checkpoint.
   *
   * @param tapFeatures whether a draft head will read the features
   */
  public static TargetModel load(
      TorchDevice device, Arithmetic arithmetic, TargetCheckpoint checkpoint, boolean tapFeatures) {
    LayerDevices alone = LayerDevices.single(device, checkpoint.config().layers());
    return load(alone, arithmetic, checkpoint, tapFeatures, LoadProgress.NONE);
  }

  /** Loads a checkpoint, each layer to its device, and tells how far it has come. */
  public static TargetModel load(
      LayerDevices devices,
      Arithmetic arithmetic,
      TargetCheckpoint checkpoint,
      boolean tapFeatures,
      LoadProgress progress) {
    TargetConfig config = checkpoint.config();
    ScriptSource source =
        script(
            DecoderScript.of(
                "Target",
                arithmetic,
                config.heads(),
                config.kvHeads(),
                config.headDim(),
                config.rmsNormEps()),
            devices,
            config.layers(),
            tapFeatures);
    LAYER.define(source, config.variant(), config.slidingWindow());
    ScriptModule module = ScriptModule.compile(devices.first(), source);
    try (WeightLoader weights = new WeightLoader(devices.first(), arithmetic, progress)) {
      addWeights(weights, checkpoint, devices);
      weights.install(module);
    } catch (RuntimeException e) {
      module.close();
      throw e;
    }
    return new TargetModel(devices, arithmetic, module, config);
  }

  /** Makes a decoder's script that of a target: all constants but its layers'. */
  static ScriptSource script(
      ScriptSource decoder, LayerDevices devices, int layers, boolean tapFeatures) {
    return decoder
        .include("target")
        .define("sampled_rows", SAMPLED_ROWS)
        .define("segments", devices.segments().size())
        .define("borders", devices.borders())
        .define("tables", "5 + " + layers + " * ${stride}")
        .define("tap_low", tapFeatures ? 2 : -1)
        .define("tap_middle", tapFeatures ? layers / 2 : -1)
        .define("tap_high", tapFeatures ? layers - 3 : -1);
  }

  private static void addWeights(
      WeightLoader weights, TargetCheckpoint checkpoint, LayerDevices devices) {
    TargetConfig config = checkpoint.config();
    CheckpointTensors tensors = checkpoint.tensors();
    RotaryTable rotary =
        RotaryTable.of(
            config.contextLength(), config.headDim(), config.ropeTheta(), config.ropeScaling());
    weights.add(tensors, TargetCheckpoint.EMBEDDING);
    rotary.addTo(weights);
    weights.on(devices.last()).addNorm(tensors, "model.norm.weight");
    if (config.tieWordEmbeddings() && devices.segments().size() == 1) {
      weights.addTied(tensors, TargetCheckpoint.EMBEDDING, 0);
    } else {
      weights.addLinear(tensors, checkpoint.outputTensor());
    }
    List<Integer> borders = devices.borders();
    for (int segment = 0; segment < devices.segments().size(); segment++) {
      weights.on(devices.segments().get(segment).device());
      addLayers(weights, checkpoint, borders.get(segment), borders.get(segment + 1));
    }
    for (LayerDevices.Segment later : devices.segments().subList(1, devices.segments().size())) {
      rotary.addTo(weights.on(later.device()));
    }
  }

  private static void addLayers(
      WeightLoader weights, TargetCheckpoint checkpoint, int from, int to) {
    TargetConfig config = checkpoint.config();
    CheckpointTensors tensors = checkpoint.tensors();
    for (int i = from; i < to; i++) {
      String layer = "model.layers." + i + ".";
      String attention = layer + "self_attn.";
      weights
          .addNorm(tensors, layer + "input_layernorm.weight")
          .addLinear(
              tensors,
              attention + "q_proj.weight",
              attention + "k_proj.weight",
              attention + "v_proj.weight")
          .addLinear(tensors, attention + "o_proj.weight")
          .addNorm(tensors, layer + "post_attention_layernorm.weight")
          .addLinear(tensors, layer + "mlp.gate_proj.weight", layer + "mlp.up_proj.weight")
          .addLinear(tensors, layer + "mlp.down_proj.weight");
      LAYER.addWeights(weights, tensors, layer, config.variant(), config.heads(), config.kvHeads());
    }
  }

  /**
   * Its embeddings {@code (vocabulary, hidden)} on the last device, for a head that has none; the
   * caller's to close.
   */
  Tensor lastEmbedding() {
    return module.call("last_embedding").tensor();
  }

  public TargetConfig config() {
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
   * Adds tokens to the context.
   *
   * @return features of the rows, the caller's to close
   */
  public Features prefill(int[] ids, int from, int to, KvCache cache) {
    Tensor features = call("prefill", following(ids, from, to, cache).input()).tensor();
    cache.append(to - from);
    return new Features(features, to - from);
  }

  private RowBatch following(int[] ids, int from, int to, KvCache cache) {
    context.reset();
    context.add(cache, to - from);
    for (int i = from; i < to; i++) {
      context.set(i - from, ids[i], cache.length() + i - from);
    }
    return context;
  }

  private Result call(String method, PassInput input, Object... more) {
    try (Tensor ints = input.ints(devices.first());
        Tensor trees = input.trees(devices.first())) {
      List<Object> arguments = new ArrayList<>(List.of(ints, trees, input.layout(), input.pools()));
      arguments.addAll(List.of(more));
      return module.call(method, arguments.toArray());
    }
  }

  /**
   * One pass over rows of several sequences: the trees of those that decode, each a root and the
   * draft nodes below it with a square mask among them, and parts of prompts, without a mask. All
   * become scratch rows of their caches, in their order; {@link KvCache#keep} and {@link
   * KvCache#append(int)} say which stay.
   *
   * @param choices the rows after which a next token is wanted
   * @return the chosen tokens, and the features of all rows
   */
  public Pass verify(RowBatch batch, Choices choices) {
    int count = choices.count();
    int rows = computed(batch.rows());
    if (count == 0) {
      Tensor features = call("prefill", batch.input(PassInput.NOTHING, rows)).tensor();
      return new Pass(new long[0], new Features(features, rows));
    }
    Sampling how = choices.sampling(0);
    boolean alike = choices.allAlike();
    boolean sampled = alike && !how.isGreedy();
    int wanted = computed(count);
    long[] extra = new long[sampled ? 2 * wanted : wanted];
    for (int i = 0; i < wanted; i++) {
      int choice = Math.min(i, count - 1);
      extra[i] = choices.row(choice);
      if (sampled) {
        extra[wanted + i] = choices.uniform(choice);
      }
    }
    PassInput input = batch.input(extra, rows);
    if (!alike) {
      Tensor[] out = call("run_logits", input, wanted).tensors();
      try (Tensor logits = out[0]) {
        return new Pass(choose(logits, choices), new Features(out[1], rows));
      } catch (RuntimeException e) {
        out[1].close(); // the choice needs memory too
        throw e;
      }
    }
    Tensor[] out =
        how.isGreedy()
            ? call("verify_greedy", input, wanted).tensors()
            : call("verify_sampled", input, wanted, how.temperature(), how.topK(), how.topP())
                .tensors();
    try (Tensor tokens = out[0]) {
      long[] chosen = tokens.toLongs();
      return new Pass(Arrays.copyOf(chosen, count), new Features(out[1], rows));
    }
  }

  // Rows that a product computes. oneDNN's packed products take a third longer where the last four
  // rows are not whole, once there are more than two tiles of 16, and again between the last sizes
  // before 128 and 128 itself; rows that nobody reads are cheaper than that.
  private int computed(int rows) {
    if (devices.first().isGpu() || rows <= WHOLE_TILES) {
      return rows;
    }
    int fours = (rows + 3) / 4 * 4;
    int wide = (rows + WIDE_PRODUCT - 1) / WIDE_PRODUCT * WIDE_PRODUCT;
    return wide - rows <= WIDE_PRODUCT / 8 ? wide : fours;
  }

  // Choices that are made alike are made together.
  private long[] choose(Tensor logits, Choices choices) {
    Map<Sampling, List<Integer>> alike = new LinkedHashMap<>();
    for (int i = 0; i < choices.count(); i++) {
      alike.computeIfAbsent(choices.sampling(i), key -> new ArrayList<>()).add(i);
    }
    long[] tokens = new long[choices.count()];
    alike.forEach(
        (how, indices) -> {
          long[] rows = indices.stream().mapToLong(Integer::longValue).toArray();
          long[] uniform = indices.stream().mapToLong(choices::uniform).toArray();
          long[] chosen = choose(logits, rows, how, uniform);
          for (int i = 0; i < rows.length; i++) {
            tokens[(int) rows[i]] = chosen[i];
          }
        });
    return tokens;
  }

  private long[] choose(Tensor logits, long[] rows, Sampling how, long[] uniform) {
    TorchDevice device = devices.last();
    try (Tensor wanted = device.longs(rows, rows.length)) {
      if (how.isGreedy()) {
        try (Tensor chosen = module.call("argmax_rows", logits, wanted).tensor()) {
          return chosen.toLongs();
        }
      }
      try (Tensor numbers = device.longs(uniform, uniform.length);
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

  /** A copy of the features of some of a pass's rows, which can outlive the others. */
  public Features rows(Features features, int[] rows) {
    long[] indices = Arrays.stream(rows).asLongStream().toArray();
    try (Tensor wanted = devices.last().longs(indices, indices.length)) {
      Tensor copy = module.call("copied_rows", features.tensor(), wanted).tensor();
      return new Features(copy, rows.length);
    }
  }

  /**
   * What a pass gave.
   *
   * @param tokens the token of each choice
   * @param features of the rows, the caller's to close
   */
  public record Pass(long[] tokens, Features features) {}

  /**
   * Adds tokens to the context and gives the logits after each.
   *
   * @return {@code (to − from) × vocabulary} values, row by row
   */
  public float[] logits(int[] ids, int from, int to, KvCache cache) {
    float[] logits = logits(following(ids, from, to, cache));
    cache.append(to - from);
    return logits;
  }

  /** The logits of a pass without choosing: {@code rows × vocabulary} values, row by row. */
  public float[] logits(RowBatch batch) {
    Tensor[] out = call("run_logits", batch.input(), 0).tensors();
    try (Tensor logits = out[0];
        Tensor features = out[1]) {
      return logits.toFloats();
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
    Tensor[] out = call("run_logits", following(ids, from, to, cache).input(), 0).tensors();
    cache.append(to - from);
    try (Tensor logits = out[0];
        Tensor features = out[1];
        Tensor following = devices.last().longs(next, next.length);
        Tensor scores = module.call("score", logits, following, top).tensor()) {
      return scores.toFloats();
    }
  }

  @Override
  public void close() {
    memory.close();
    module.close();
  }
}
