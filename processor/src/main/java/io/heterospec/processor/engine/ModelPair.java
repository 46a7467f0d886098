package io.heterospec.processor.engine;

import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.LayerDevices;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.DeviceGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A target on its devices and its head on the last of them; {@code head} is null without one.
 *
 * @param cacheBytes most bytes that the caches of both may take
 */
record ModelPair(
    DeviceGroup devices, Arithmetic arithmetic, TargetModel target, DraftHead head, long cacheBytes)
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelPair.class);

  /** Loads what the options name, on the calling thread, which owns it from then on. */
  static ModelPair load(EngineOptions options) {
    return load(options, DeviceGroup.open(options.device(), options.threads()));
  }

  /** Loads it onto devices of the calling thread, which are closed with it. */
  static ModelPair load(EngineOptions options, DeviceGroup devices) {
    TargetModel model = null;
    try (TargetCheckpoint target = TargetCheckpoint.open(options.model());
        DraftCheckpoint draft =
            options.draft() == null
                ? null
                : DraftCheckpoint.open(options.draft(), target.config())) {
      Arithmetic arithmetic = Arithmetic.choose(devices.first(), options.dtype());
      MemoryPlan plan = plan(options, devices, target, draft, arithmetic);
      options
          .progress()
          .start(target.tensors().byteCount() + (draft == null ? 0 : draft.tensors().byteCount()));
      LayerDevices layers = LayerDevices.of(devices.all(), plan.placement().layers());
      model = TargetModel.load(layers, arithmetic, target, draft != null, options.progress());
      DraftHead head =
          draft == null
              ? null
              : DraftHead.load(devices.last(), arithmetic, draft, model, options.progress());
      if (options.threads() == 0 && !devices.first().isGpu()) {
        ThreadTuning.tune(devices.first(), model);
      }
      return new ModelPair(devices, arithmetic, model, head, plan.caches());
    } catch (RuntimeException e) {
      if (model != null) {
        model.close();
      }
      devices.close();
      throw e;
    }
  }

  private static MemoryPlan plan(
      EngineOptions options,
      DeviceGroup devices,
      TargetCheckpoint target,
      DraftCheckpoint draft,
      Arithmetic arithmetic) {
    MemoryPlan plan =
        MemoryPlan.of(options, target, draft, arithmetic.dtype(), MemoryPlan.rooms(devices));
    if (devices.all().size() > 1) {
      LOG.info("layers lie on {}", plan.placement().describe());
    }
    if (plan.caches() < options.cacheBytes()) {
      LOG.warn(
          "caches get {} MiB instead of {}: the weights take {} MiB, a pass up to {} MiB, and no more"
              + " memory is free",
          plan.caches() >> 20,
          options.cacheBytes() >> 20,
          plan.weights() >> 20,
          plan.workspace() >> 20);
    }
    return plan;
  }

  @Override
  public void close() {
    if (head != null) {
      head.close();
    }
    target.close();
    devices.close();
  }
}
