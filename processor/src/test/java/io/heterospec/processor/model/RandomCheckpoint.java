package io.heterospec.processor.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
    ObjectNode header = JSON.createObjectNode();
    int size = weights.values().stream().mapToInt(w -> 4 * w.values().length).sum();
    int vocabulary = config.get("vocab_size").intValue();
    int mapBytes = draftToTarget == null ? 0 : 8 * draftToTarget.length + vocabulary;
    ByteBuffer data = ByteBuffer.allocate(size + mapBytes).order(ByteOrder.LITTLE_ENDIAN);
    weights.forEach(
        (name, weight) -> {
          int begin = data.position();
          for (float value : weight.values()) {
            data.putFloat(value);
          }
          entry(header, name, "F32", weight.shape(), begin, data.position());
        });
    if (draftToTarget != null) {
      int begin = data.position();
      byte[] mask = new byte[vocabulary];
      for (int i = 0; i < draftToTarget.length; i++) {
        data.putLong(draftToTarget[i] - i);
        mask[draftToTarget[i]] = 1;
      }
      entry(header, "d2t", "I64", new long[] {draftToTarget.length}, begin, data.position());
      begin = data.position();
      data.put(mask);
      entry(header, "t2d", "BOOL", new long[] {vocabulary}, begin, data.position());
    }
    byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + data.position()).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json).put(data.array(), 0, data.position());
    Files.write(directory.resolve("model.safetensors"), file.array());
    return directory;
  }

  private static void entry(
      ObjectNode header, String name, String dtype, long[] shape, int begin, int end) {
    ObjectNode entry = header.putObject(name).put("dtype", dtype);
    for (long dimension : shape) {
      entry.withArray("shape").add(dimension);
    }
    entry.withArray("data_offsets").add(begin).add(end);
  }
}
