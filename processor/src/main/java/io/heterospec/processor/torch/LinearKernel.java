package io.heterospec.processor.torch;

/**
 * How a linear layer is computed. On a CPU {@code torch.linear} lays its weight out anew in every
 * call with two or more rows; oneDNN's packed form does it once and is several times faster.
 */
public enum LinearKernel {
  /** Weights packed by oneDNN when loaded, those that oneDNN computes right on this processor. */
  PACKED(
      "ops.mkldnn._linear_pointwise(x, w, None, \"none\", annotate(List[Optional[number]], []), \"\")"
          + " if w.is_mkldnn else torch.linear(x, w)",
      "ops.mkldnn._reorder_linear_weight(w, 8)"),
  /** {@code torch.linear} on weights as they are: GPUs, and CPUs without oneDNN. */
  PLAIN("torch.linear(x, w)", "w");

  private final String product;
  private final String pack;

  LinearKernel(String product, String pack) {
    this.product = product;
    this.pack = pack;
  }

  /** Defines the script constants {@code linear}, {@code pack} and {@code dtype}. */
  public ScriptSource define(ScriptSource source, Dtype dtype) {
    return source.define("linear", product).define("pack", pack).define("dtype", dtype.code());
  }
}
