package io.heterospec.processor.model;

import io.heterospec.processor.checkpoint.CheckpointTensors;
import io.heterospec.processor.checkpoint.DecoderVariant;
import io.heterospec.processor.checkpoint.SlidingWindow;
import io.heterospec.processor.torch.ScriptSource;
import io.heterospec.processor.torch.WeightLoader;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a {@link DecoderVariant} adds to the script and the weights of a decoder layer. Its weights
 * stand after the layer's others, in the order of {@link #addWeights}; where a variant lacks one,
 * the script has no operation for it.
 *
 * @param first index expression of the first added weight of layer {@code layer}
 * @param plain weights of a layer without additions
 */
record LayerScript(String first, int plain) {
  static final LayerScript TARGET = new LayerScript("5 + layer * ${stride} + 6", 6);
  static final LayerScript HEAD = new LayerScript("14", 0);

  /** Defines the constants of {@code decoder.py} that depend on the variant. */
  void define(ScriptSource source, DecoderVariant variant, SlidingWindow window) {
    int next = 0;
    source.define("qkv_bias", bias(variant.qkvBias(), next));
    next += variant.qkvBias() ? 1 : 0;
    source.define("out_bias", bias(variant.outputBias(), next));
    next += variant.outputBias() ? 1 : 0;
    String rotated = "torch.narrow(x, 1, 0, ${qk_heads})";
    source.define(
        "rotated",
        variant.headNorm()
            ? "torch.copy_(%s, torch.rms_norm(%s, [${head_dim}], None, ${eps}) * self.w[%s])"
                .formatted(rotated, rotated, index(next))
            : rotated);
    next += variant.headNorm() ? 1 : 0;
    source.define("gate_up_bias", bias(variant.mlpBias(), next));
    next += variant.mlpBias() ? 1 : 0;
    source.define("down_bias", bias(variant.mlpBias(), next));
    next += variant.mlpBias() ? 1 : 0;
    source.define("stride", plain + next);
    window(source, window);
  }

  private String bias(boolean present, int at) {
    return present ? " + self.w[%s]".formatted(index(at)) : "";
  }

  private String index(int at) {
    return first + " + " + at;
  }

  private static void window(ScriptSource source, SlidingWindow window) {
    if (window == null) {
      source.define("near", "masks").define("seen", "masks");
      return;
    }
    String layers =
        IntStream.range(0, window.layers().length)
            .filter(layer -> window.layers()[layer])
            .mapToObj(Integer::toString)
            .collect(Collectors.joining(", "));
    source
        .include("window")
        .define("window", window.tokens())
        .define("near", "self.nearby(masks, ints, layout, index)")
        .define("seen", "(near if layer in [" + layers + "] else masks)");
  }

  /** Adds the weights that the variant has of a layer. */
  void addWeights(
      WeightLoader weights,
      CheckpointTensors tensors,
      String layer,
      DecoderVariant variant,
      int heads,
      int kvHeads) {
    String attention = layer + "self_attn.";
    String mlp = layer + "mlp.";
    if (variant.qkvBias()) {
      weights.add(
          tensors, attention + "q_proj.bias", attention + "k_proj.bias", attention + "v_proj.bias");
    }
    if (variant.outputBias()) {
      weights.add(tensors, attention + "o_proj.bias");
    }
    if (variant.headNorm()) {
      weights.addHeadNorms(
          tensors, attention + "q_norm.weight", heads, attention + "k_norm.weight", kvHeads);
    }
    if (variant.mlpBias()) {
      weights.add(tensors, mlp + "gate_proj.bias", mlp + "up_proj.bias");
      weights.add(tensors, mlp + "down_proj.bias");
    }
  }
}
