package io.heterospec.processor.engine;

import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.TorchDevice;

/** A target and its head on a device; {@code head} is null without one. */
record ModelPair(TorchDevice device, Arithmetic arithmetic, TargetModel target, DraftHead head)
    implements AutoCloseable {

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
      model = TargetModel.load(device, arithmetic, target, draft != null);
      DraftHead head = draft == null ? null : DraftHead.load(device, arithmetic, draft, target);
      if (options.threads() == 0 && !device.isGpu()) {
        ThreadTuning.tune(device, model);
      }
      return new ModelPair(device, arithmetic, model, head);
    } catch (RuntimeException e) {
      if (model != null) {
        model.close();
      }
      device.close();
      throw e;
    }
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
