package io.heterospec.processor.engine;

import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.FreeMemory;
import io.heterospec.processor.torch.TorchDevice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A target and its head on a device; {@code head} is null without one.
 *
 * @param cacheBytes most bytes that the caches of both may take
 */
record ModelPair(
    TorchDevice device, Arithmetic arithmetic, TargetModel target, DraftHead head, long cacheBytes)
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelPair.class);

  /** Loads what the options name, on the calling thread, which owns it from then on. */
  static ModelPair load(EngineOptions options) {
    TorchDevice device = TorchDevice.open(options.device(), options.threads());
    TargetModel model = null;
    try (TargetCheckpoint target = TargetCheckpoint.open(options.model());
        DraftCheckpoint draft =
            options.draft() == null
                ? null
                : DraftCheckpoint.open(options.draft(), target.config())) {
      Arithmetic arithmetic = Arithmetic.choose(device, options.dtype());
      MemoryPlan plan = plan(options, device, target, draft, arithmetic);
      options
          .progress()
          .start(target.tensors().byteCount() + (draft == null ? 0 : draft.tensors().byteCount()));
      model = TargetModel.load(device, arithmetic, target, draft != null, options.progress());
      DraftHead head =
          draft == null
              ? null
              : DraftHead.load(device, arithmetic, draft, model, options.progress());
      if (options.threads() == 0 && !device.isGpu()) {
        ThreadTuning.tune(device, model);
      }
      return new ModelPair(device, arithmetic, model, head, plan.caches());
    } catch (RuntimeException e) {
      if (model != null) {
        model.close();
      }
      device.close();
      throw e;
    }
  }

  private static MemoryPlan plan(
      EngineOptions options,
      TorchDevice device,
      TargetCheckpoint target,
      DraftCheckpoint draft,
      Arithmetic arithmetic) {
    MemoryPlan plan =
        MemoryPlan.of(options, target, draft, arithmetic.dtype(), FreeMemory.of(device));
    if (plan.caches() < options.cacheBytes()) {
      LOG.warn(
          "caches get {} MiB instead of {}: the weights take {} MiB and no more memory is free",
          plan.caches() >> 20,
          options.cacheBytes() >> 20,
          plan.weights() >> 20);
    }
    return plan;
  }

  @Override
  public void close() {
    if (head != null) {
      head.close();
    }
    target.close();
    device.close();
  }
}
