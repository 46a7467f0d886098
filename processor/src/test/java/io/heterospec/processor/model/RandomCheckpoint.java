package io.heterospec.processor.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.SafetensorsWriter;
import io.heterospec.processor.checkpoint.TensorRows;
import io.heterospec.processor.checkpoint.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

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
    Files.createDirectories(directory);
    Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(config));
    List<TensorRows> tensors = new ArrayList<>();
    weights.forEach((name, weight) -> tensors.add(rows(name, weight)));
    if (draftToTarget != null) {
      int vocabulary = config.get("vocab_size").intValue();
      tensors.add(
          new TensorRows(
              "d2t",
              TensorType.I64,
              new long[] {draftToTarget.length},
              (row, into) -> {
                for (int i = 0; i < draftToTarget.length; i++) {
                  into.putLong(draftToTarget[i] - i);
                }
              }));
      tensors.add(
          new TensorRows(
              "t2d",
              TensorType.BOOL,
              new long[] {vocabulary},
              (row, into) -> {
                for (int id : draftToTarget) {
                  into.put(id, (byte) 1);
                }
              }));
    }
    SafetensorsWriter.write(directory.resolve("model.safetensors"), tensors, () -> {});
    return directory;
  }

  private static TensorRows rows(String name, Weight weight) {
    int columns = (int) weight.shape()[weight.shape().length - 1];
    return new TensorRows(
        name,
        TensorType.F32,
        weight.shape(),
        (row, into) -> into.asFloatBuffer().put(weight.values(), (int) row * columns, columns));
  }
}
