package io.heterospec.processor.model;

import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.ScriptSource;

/** The constants that the shared decoder script takes from a checkpoint. */
final class DecoderScript {
  private DecoderScript() {}

  static ScriptSource of(
      String className, Arithmetic arithmetic, int heads, int kvHeads, int headDim, double eps) {
    ScriptSource source = new ScriptSource(className).include("decoder");
    return arithmetic
        .kernel()
        .define(source, arithmetic.dtype())
        .define("eps", eps)
        .define("heads", heads)
        .define("kv_heads", kvHeads)
        .define("kv_pair", 2 * kvHeads)
        .define("qk_heads", heads + kvHeads)
        .define("qkv_heads", heads + 2 * kvHeads)
        .define("head_dim", headDim)
        .define("half_dim", headDim / 2)
        .define("query_width", heads * headDim)
        .define("group", heads / kvHeads);
  }
}
