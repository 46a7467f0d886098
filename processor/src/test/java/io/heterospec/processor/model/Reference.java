package io.heterospec.processor.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.heterospec.processor.model.RandomCheckpoint.Weight;
import java.util.Arrays;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.IntPredicate;

/**
 * The decoder's maths in plain double-precision loops, with no cache: every token attends to the
 * tokens a predicate allows. It shares nothing with the code under test.
 */
final class Reference {
  private final Map<String, Weight> weights;
  private final int hidden;
  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final double eps;
  private final boolean normBeforeResidual;
  private final double[] inverse;
  private final double magnitude;
  private final IntPredicate windowed;
  private final int window;

  /** With the rotary embedding and the windows that the configuration asks for. */
  Reference(RandomCheckpoint checkpoint) {
    this(
        checkpoint,
        ReferenceRotary.inverse(checkpoint.config),
        ReferenceRotary.magnitude(checkpoint.config));
  }

  Reference(RandomCheckpoint checkpoint, double[] inverseFrequencies) {
    this(checkpoint, inverseFrequencies, 1);
  }

  private Reference(RandomCheckpoint checkpoint, double[] inverseFrequencies, double magnitude) {
    weights = checkpoint.weights;
    hidden = checkpoint.config.get("hidden_size").intValue();
    heads = checkpoint.config.get("num_attention_heads").intValue();
    kvHeads = checkpoint.config.get("num_key_value_heads").intValue();
    headDim = checkpoint.config.get("head_dim").intValue();
    eps = checkpoint.config.get("rms_norm_eps").doubleValue();
    normBeforeResidual = checkpoint.config.path("norm_before_residual").asBoolean();
    inverse = inverseFrequencies;
    this.magnitude = magnitude;
    JsonNode config = checkpoint.config;
    window = config.path("sliding_window").asInt(Integer.MAX_VALUE);
    windowed =
        switch (config.path("model_type").asText()) {
          case "mistral" -> layer -> true;
          case "qwen2", "qwen3" ->
              layer ->
                  config.path("use_sliding_window").asBoolean()
                      && layer >= config.path("max_window_layers").asInt();
          default -> layer -> false;
        };
  }

  /** Plain rotary frequencies. */
  static double[] frequencies(int headDim) {
    double[] inverse = new double[headDim / 2];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1 / Math.pow(10000, 2.0 * i / headDim);
    }
    return inverse;
  }

  double[][] embed(String name, int[] ids) {
    double[][] rows = new double[ids.length][hidden];
    for (int t = 0; t < ids.length; t++) {
      for (int j = 0; j < hidden; j++) {
        rows[t][j] = weights.get(name).values()[ids[t] * hidden + j];
      }
    }
    return rows;
  }

  double[][] linear(double[][] x, String name) {
    Weight w = weights.get(name);
    int out = (int) w.shape()[0];
    int in = (int) w.shape()[1];
    Weight bias = weights.get(name.replace(".weight", ".bias"));
    double[][] y = new double[x.length][out];
    for (int t = 0; t < x.length; t++) {
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
          y[t][o] += x[t][i] * w.values()[o * in + i];
        }
        y[t][o] += bias == null ? 0 : bias.values()[o];
      }
    }
    return y;
  }

  double[][] norm(double[][] x, String name) {
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double squares = 0;
      for (double v : x[t]) {
        squares += v * v;
      }
      double scale = 1 / Math.sqrt(squares / x[t].length + eps);
      y[t] = new double[x[t].length];
      for (int j = 0; j < x[t].length; j++) {
        y[t][j] = x[t][j] * scale * weights.get(name).values()[j];
      }
    }
    return y;
  }

  /** Attention and MLP of one layer on a residual stream; {@code in} is what q, k and v read. */
  double[][] layer(
      double[][] residual,
      double[][] in,
      String prefix,
      int[] positions,
      BiPredicate<Integer, Integer> sees) {
    double[][] q = linear(in, prefix + "self_attn.q_proj.weight");
    double[][] k = linear(in, prefix + "self_attn.k_proj.weight");
    q = rotate(normHeads(q, prefix + "self_attn.q_norm.weight"), heads, positions);
    k = rotate(normHeads(k, prefix + "self_attn.k_norm.weight"), kvHeads, positions);
    double[][] v = linear(in, prefix + "self_attn.v_proj.weight");
    double[][] mixed = new double[in.length][heads * headDim];
    for (int h = 0; h < heads; h++) {
      int g = h / (heads / kvHeads);
      for (int t = 0; t < in.length; t++) {
        double[] weight = new double[in.length];
        double sum = 0;
        for (int s = 0; s < in.length; s++) {
          if (sees.test(t, s)) {
            double dot = 0;
            for (int j = 0; j < headDim; j++) {
              dot += q[t][h * headDim + j] * k[s][g * headDim + j];
            }
            weight[s] = Math.exp(dot / Math.sqrt(headDim));
            sum += weight[s];
          }
        }
        for (int s = 0; s < in.length; s++) {
          for (int j = 0; j < headDim; j++) {
            mixed[t][h * headDim + j] += weight[s] / sum * v[s][g * headDim + j];
          }
        }
      }
    }
    double[][] x = add(residual, linear(mixed, prefix + "self_attn.o_proj.weight"));
    double[][] z = norm(x, prefix + "post_attention_layernorm.weight");
    double[][] gate = linear(z, prefix + "mlp.gate_proj.weight");
    double[][] up = linear(z, prefix + "mlp.up_proj.weight");
    for (int t = 0; t < gate.length; t++) {
      for (int j = 0; j < gate[t].length; j++) {
        gate[t][j] = gate[t][j] / (1 + Math.exp(-gate[t][j])) * up[t][j];
      }
    }
    return add(x, linear(gate, prefix + "mlp.down_proj.weight"));
  }

  // Each head of each row by itself, where there is such a norm.
  private double[][] normHeads(double[][] x, String name) {
    if (!weights.containsKey(name)) {
      return x;
    }
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[][] split = new double[x[t].length / headDim][];
      for (int h = 0; h < split.length; h++) {
        split[h] = Arrays.copyOfRange(x[t], h * headDim, (h + 1) * headDim);
      }
      y[t] = Arrays.stream(norm(split, name)).flatMapToDouble(Arrays::stream).toArray();
    }
    return y;
  }

  private double[][] rotate(double[][] x, int count, int[] positions) {
    double[][] y = new double[x.length][count * headDim];
    int half = headDim / 2;
    for (int t = 0; t < x.length; t++) {
      for (int h = 0; h < count; h++) {
        for (int i = 0; i < half; i++) {
          double angle = positions[t] * inverse[i];
          double a = x[t][h * headDim + i];
          double b = x[t][h * headDim + half + i];
          y[t][h * headDim + i] = magnitude * (a * Math.cos(angle) - b * Math.sin(angle));
          y[t][h * headDim + half + i] = magnitude * (b * Math.cos(angle) + a * Math.sin(angle));
        }
      }
    }
    return y;
  }

  static double[][] add(double[][] a, double[][] b) {
    double[][] y = new double[a.length][];
    for (int t = 0; t < a.length; t++) {
      y[t] = a[t].clone();
      for (int j = 0; j < y[t].length; j++) {
        y[t][j] += b[t][j];
      }
    }
    return y;
  }

  static double[][] concat(double[][]... parts) {
    double[][] y = new double[parts[0].length][];
    for (int t = 0; t < y.length; t++) {
      int width = 0;
      for (double[][] part : parts) {
        width += part[t].length;
      }
      y[t] = new double[width];
      int at = 0;
      for (double[][] part : parts) {
        System.arraycopy(part[t], 0, y[t], at, part[t].length);
        at += part[t].length;
      }
    }
    return y;
  }

  /** What a target computes. */
  record Output(double[][] logits, double[][] features) {}

  /** A whole target over tokens at given positions. */
  Output target(
      int[] ids, int[] positions, int layers, boolean tied, BiPredicate<Integer, Integer> sees) {
    double[][] x = embed("model.embed_tokens.weight", ids);
    double[][][] taps = new double[3][][];
    int[] at = {2, layers / 2, layers - 3};
    Arrays.sort(at);
    for (int i = 0; i < layers; i++) {
      for (int tap = 0; tap < 3; tap++) {
        if (at[tap] == i) {
          taps[tap] = x;
        }
      }
      String prefix = "model.layers." + i + ".";
      BiPredicate<Integer, Integer> near =
          windowed.test(i)
              ? (t, s) -> sees.test(t, s) && positions[s] > positions[t] - window
              : sees;
      x = layer(x, norm(x, prefix + "input_layernorm.weight"), prefix, positions, near);
    }
    double[][] logits =
        linear(norm(x, "model.norm.weight"), tied ? "model.embed_tokens.weight" : "lm_head.weight");
    return new Output(logits, taps[0] == null ? null : concat(taps));
  }

  /** A head's layer over paired tokens and (projected or recursive) hidden rows. */
  double[][] head(
      double[][] embeddings,
      double[][] hiddenRows,
      int[] positions,
      BiPredicate<Integer, Integer> sees) {
    double[][] z =
        concat(
            norm(embeddings, "midlayer.input_layernorm.weight"),
            norm(hiddenRows, "midlayer.hidden_norm.weight"));
    double[][] residual =
        normBeforeResidual ? norm(hiddenRows, "midlayer.hidden_norm.weight") : hiddenRows;
    return layer(residual, z, "midlayer.", positions, sees);
  }

  double[][] headLogProbs(double[][] x) {
    double[][] logits = linear(norm(x, "norm.weight"), "lm_head.weight");
    for (double[] row : logits) {
      double sum = 0;
      for (double v : row) {
        sum += Math.exp(v);
      }
      for (int j = 0; j < row.length; j++) {
        row[j] -= Math.log(sum);
      }
    }
    return logits;
  }
}
