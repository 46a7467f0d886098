package io.heterospec.processor.model;

import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.ScriptSource;

/** The constants that the shared decoder script takes from a checkpoint. */
final class DecoderScript {
  private DecoderScript() {}

  /** Up to this many rows a fused norm is faster than the composite one on a CPU. */
  private static final int FEW_ROWS = 32;

  static ScriptSource of(
      String className, Arithmetic arithmetic, int heads, int kvHeads, int headDim, double eps) {
    ScriptSource source = new ScriptSource(className).include("decoder");
    return arithmetic
        .kernel()
        .define(source, arithmetic.dtype())
        .define("eps", eps)
        .define("few_rows", FEW_ROWS)
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
