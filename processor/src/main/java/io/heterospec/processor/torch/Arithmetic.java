package io.heterospec.processor.torch;

import ai.djl.engine.EngineException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The type and the product that a device computes with, found by trying.
 *
 * @param dtype type of weights, caches and activations
 * @param kernel how linear layers are computed
 */
public record Arithmetic(Dtype dtype, LinearKernel kernel) {
  private static final Logger LOG = LoggerFactory.getLogger(Arithmetic.class);
  private static final double PROBE_SUM = 2 * 16 * 16;

  /**
   * The best the device offers for a type.
   *
   * @param wanted the type asked for, or null for bf16, or fp32 where packed bf16 does not work
   */
  public static Arithmetic choose(TorchDevice device, Dtype wanted) {
    if (device.isGpu()) {
      return new Arithmetic(wanted == null ? Dtype.BF16 : wanted, LinearKernel.PLAIN);
    }
    Dtype dtype = wanted == null ? Dtype.BF16 : wanted;
    if (works(device, dtype, LinearKernel.PACKED)) {
      return new Arithmetic(dtype, LinearKernel.PACKED);
    }
    if (wanted == null) {
      return choose(device, Dtype.FP32);
    }
    LOG.info("packed {} products are not available on this processor", dtype.label());
    return new Arithmetic(dtype, LinearKernel.PLAIN);
  }

  private static boolean works(TorchDevice device, Dtype dtype, LinearKernel kernel) {
    ScriptSource source = kernel.define(new ScriptSource("Probe").include("weights"), dtype);
    try (ScriptModule module = ScriptModule.compile(device, source);
        Tensor like = device.floats(new float[] {0}, 1)) {
      return module.call("probe", like).number() == PROBE_SUM;
    } catch (EngineException | IllegalStateException e) {
      LOG.debug("{} {} is not available", kernel, dtype, e);
      return false;
    }
  }
}
