package io.heterospec.processor.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.TensorRows;
import io.heterospec.processor.checkpoint.TensorType;
import io.heterospec.processor.checkpoint.WeightFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/** Small random checkpoints in fp32, with their weights at hand for a reference computation. */
final class RandomCheckpoint {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A tensor, row by row. */
  record Weight(long[] shape, float[] values) {}

  final Map<String, Weight> weights = new LinkedHashMap<>();
  final ObjectNode config = JSON.createObjectNode();
  private final Random random;

  RandomCheckpoint(long seed) {
    random = new Random(seed);
  }

  static RandomCheckpoint target(
      long seed, int layers, int heads, int kvHeads, int headDim, boolean tied) {
    RandomCheckpoint c = new RandomCheckpoint(seed);
    int hidden = 32;
    int intermediate = 48;
    int vocabulary = 61;
    c.decoder(
        "LlamaForCausalLM", hidden, layers, heads, kvHeads, headDim, intermediate, vocabulary);
    c.config.put("tie_word_embeddings", tied);
    c.matrix("model.embed_tokens.weight", vocabulary, hidden);
    for (int i = 0; i < layers; i++) {
      String layer = "model.layers." + i + ".";
      c.norm(layer + "input_layernorm.weight", hidden);
      c.norm(layer + "post_attention_layernorm.weight", hidden);
      c.layer(layer, hidden, hidden, heads, kvHeads, headDim, intermediate);
    }
    c.norm("model.norm.weight", hidden);
    if (!tied) {
      c.matrix("lm_head.weight", vocabulary, hidden);
    }
    return c;
  }

  /** A target whose fields differ from those of a small Llama; the family decides what it has. */
  static RandomCheckpoint target(long seed, Consumer<ObjectNode> fields) {
    RandomCheckpoint c = new RandomCheckpoint(seed);
    c.decoder("LlamaForCausalLM", 32, 5, 4, 2, 8, 48, 61);
    fields.accept(c.config);
    String family = c.config.get("model_type").textValue();
    boolean attentionBias = c.flag("attention_bias");
    int hidden = c.number("hidden_size");
    int heads = c.number("num_attention_heads");
    int kvHeads = c.number("num_key_value_heads");
    int headDim = c.number("head_dim");
    int intermediate = c.number("intermediate_size");
    c.matrix("model.embed_tokens.weight", c.number("vocab_size"), hidden);
    for (int i = 0; i < c.number("num_hidden_layers"); i++) {
      String layer = "model.layers." + i + ".";
      c.norm(layer + "input_layernorm.weight", hidden);
      c.norm(layer + "post_attention_layernorm.weight", hidden);
      c.layer(layer, hidden, hidden, heads, kvHeads, headDim, intermediate);
      c.biases(layer, family.equals("qwen2") || attentionBias, attentionBias, c.flag("mlp_bias"));
      if (family.equals("qwen3")) {
        c.norm(layer + "self_attn.q_norm.weight", headDim);
        c.norm(layer + "self_attn.k_norm.weight", headDim);
      }
    }
    c.norm("model.norm.weight", hidden);
    if (!c.flag("tie_word_embeddings")) {
      c.matrix("lm_head.weight", c.number("vocab_size"), hidden);
    }
    return c;
  }

  /** A head for such a target, with or without embeddings of its own. */
  static RandomCheckpoint head(long seed, boolean embedding, Consumer<ObjectNode> fields) {
    RandomCheckpoint c = new RandomCheckpoint(seed);
    c.decoder("LlamaForCausalLMEagle3", 32, 1, 4, 2, 8, 40, 61);
    c.config.put("draft_vocab_size", 16);
    fields.accept(c.config);
    int hidden = c.number("hidden_size");
    int target = c.config.has("target_hidden_size") ? c.number("target_hidden_size") : hidden;
    if (embedding) {
      c.matrix("embed_tokens.weight", c.number("vocab_size"), hidden);
    }
    c.matrix("fc.weight", hidden, 3 * target);
    c.norm("midlayer.input_layernorm.weight", hidden);
    c.norm("midlayer.hidden_norm.weight", hidden);
    c.norm("midlayer.post_attention_layernorm.weight", hidden);
    c.layer("midlayer.", hidden, 2 * hidden, 4, 2, 8, c.number("intermediate_size"));
    c.biases("midlayer.", c.flag("attention_bias"), c.flag("attention_bias"), c.flag("mlp_bias"));
    c.norm("norm.weight", hidden);
    c.matrix("lm_head.weight", c.number("draft_vocab_size"), hidden);
    return c;
  }

  /** The same head in the form of the speculators library. */
  RandomCheckpoint asSpeculator(List<Integer> featureLayers) {
    RandomCheckpoint c = new RandomCheckpoint(0);
    weights.forEach(
        (name, weight) -> c.weights.put(name.replace("midlayer.", "layers.0."), weight));
    ObjectNode layer = config.deepCopy();
    layer.remove(List.of("architectures", "draft_vocab_size", "norm_before_residual"));
    c.config.putArray("architectures").add("Eagle3Speculator");
    c.config
        .put("speculators_model_type", "eagle3")
        .put("draft_vocab_size", number("draft_vocab_size"))
        .put("vocab_size", number("vocab_size"))
        .putNull("target_hidden_size")
        .set("transformer_layer_config", layer);
    featureLayers.forEach(c.config.putArray("eagle_aux_hidden_state_layer_ids")::add);
    return c;
  }

  int number(String field) {
    return config.get(field).intValue();
  }

  private boolean flag(String field) {
    return config.path(field).asBoolean();
  }

  private void biases(String layer, boolean qkv, boolean output, boolean mlp) {
    for (String name : List.of("q_proj", "k_proj", "v_proj")) {
      bias(layer + "self_attn." + name, qkv);
    }
    bias(layer + "self_attn.o_proj", output);
    for (String name : List.of("gate_proj", "up_proj", "down_proj")) {
      bias(layer + "mlp." + name, mlp);
    }
  }

  private void bias(String linear, boolean present) {
    if (present) {
      norm(linear + ".bias", (int) weights.get(linear + ".weight").shape()[0]);
    }
  }

  static RandomCheckpoint head(
      long seed, int heads, int kvHeads, int headDim, int draftVocabulary) {
    RandomCheckpoint c = new RandomCheckpoint(seed);
    int hidden = 32;
    int intermediate = 40;
    int vocabulary = 61;
    c.decoder(
        "LlamaForCausalLMEagle3", hidden, 1, heads, kvHeads, headDim, intermediate, vocabulary);
    c.config.put("draft_vocab_size", draftVocabulary);
    c.matrix("fc.weight", hidden, 3 * hidden);
    c.norm("midlayer.input_layernorm.weight", hidden);
    c.norm("midlayer.hidden_norm.weight", hidden);
    c.norm("midlayer.post_attention_layernorm.weight", hidden);
    c.layer("midlayer.", hidden, 2 * hidden, heads, kvHeads, headDim, intermediate);
    c.norm("norm.weight", hidden);
    c.matrix("lm_head.weight", draftVocabulary, hidden);
    return c;
  }

  private void decoder(
      String architecture,
      int hidden,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      int intermediate,
      int vocabulary) {
    config.putArray("architectures").add(architecture);
    config
        .put("model_type", "llama")
        .put("hidden_size", hidden)
        .put("num_hidden_layers", layers)
        .put("num_attention_heads", heads)
        .put("num_key_value_heads", kvHeads)
        .put("head_dim", headDim)
        .put("intermediate_size", intermediate)
        .put("vocab_size", vocabulary)
        .put("max_position_embeddings", 256)
        .put("rms_norm_eps", 1e-5)
        .put("rope_theta", 10000.0);
  }

  private void layer(
      String prefix, int hidden, int in, int heads, int kvHeads, int headDim, int intermediate) {
    matrix(prefix + "self_attn.q_proj.weight", heads * headDim, in);
    matrix(prefix + "self_attn.k_proj.weight", kvHeads * headDim, in);
    matrix(prefix + "self_attn.v_proj.weight", kvHeads * headDim, in);
    matrix(prefix + "self_attn.o_proj.weight", hidden, heads * headDim);
    matrix(prefix + "mlp.gate_proj.weight", intermediate, hidden);
    matrix(prefix + "mlp.up_proj.weight", intermediate, hidden);
    matrix(prefix + "mlp.down_proj.weight", hidden, intermediate);
  }

  private void matrix(String name, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(columns) * 1.5);
    }
    weights.put(name, new Weight(new long[] {rows, columns}, values));
  }

  private void norm(String name, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = 0.5f + random.nextFloat();
    }
    weights.put(name, new Weight(new long[] {size}, values));
  }

  /** Writes config.json and model.safetensors; a head gets its vocabulary mapping. */
  Path write(Path directory, int[] draftToTarget) throws IOException {
    return write(directory, draftToTarget, WeightFormat.SAFETENSORS, TensorType.F32, 1 << 30);
  }

  /** Writes them in a format and type; what the type cannot hold is rounded in memory, too. */
  Path write(
      Path directory, int[] draftToTarget, WeightFormat format, TensorType type, long shardBytes)
      throws IOException {
    Files.createDirectories(directory);
    Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(config));
    List<TensorRows> tensors = new ArrayList<>();
    weights.forEach((name, weight) -> tensors.add(rows(name, weight, type)));
    if (draftToTarget != null) {
      tensors.addAll(map(draftToTarget));
    }
    format.write(directory, tensors, shardBytes, () -> {});
    return directory;
  }

  private List<TensorRows> map(int[] draftToTarget) {
    return List.of(
        new TensorRows(
            "d2t",
            TensorType.I64,
            new long[] {draftToTarget.length},
            (row, into) -> {
              for (int i = 0; i < draftToTarget.length; i++) {
                into.putLong(draftToTarget[i] - i);
              }
            }),
        new TensorRows(
            "t2d",
            TensorType.BOOL,
            new long[] {number("vocab_size")},
            (row, into) -> {
              for (int id : draftToTarget) {
                into.put(id, (byte) 1);
              }
            }));
  }

  private static TensorRows rows(String name, Weight weight, TensorType type) {
    int columns = (int) weight.shape()[weight.shape().length - 1];
    for (int i = 0; i < weight.values().length; i++) {
      weight.values()[i] = rounded(weight.values()[i], type);
    }
    return new TensorRows(
        name,
        type,
        weight.shape(),
        (row, into) -> {
          for (int i = 0; i < columns; i++) {
            float value = weight.values()[(int) row * columns + i];
            switch (type) {
              case BF16 -> into.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
              case F16 -> into.putShort(half(value));
              default -> into.putFloat(value);
            }
          }
        });
  }

  // Cut to the bits that the type has: 7 of the mantissa, or 10.
  private static float rounded(float value, TensorType type) {
    int dropped = type == TensorType.BF16 ? 16 : type == TensorType.F16 ? 13 : 0;
    if (type == TensorType.F16 && Math.abs(value) < 0x1p-14f) {
      return 0; // no subnormal numbers here
    }
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) >>> dropped << dropped);
  }

  private static short half(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 31 << 15;
    return (short) (value == 0 ? sign : sign | ((bits & 0x7fffffff) >>> 13) - (112 << 10));
  }
}
