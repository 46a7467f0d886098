package io.heterospec.processor.torch;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtModel;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;

/** A compiled TorchScript class and its weights on one device. Belongs to one thread. */
public final class ScriptModule implements AutoCloseable {
  private final TorchDevice device;
  private final String name;
  // Held on purpose: its finaliser would release the block's native module.
  private final PtModel model;
  private final PtSymbolBlock block;

  private ScriptModule(TorchDevice device, String name, PtModel model) {
    this.device = device;
    this.name = name;
    this.model = model;
    this.block = (PtSymbolBlock) model.getBlock();
  }

  /**
   * Compiles a class.
   *
   * @throws IllegalStateException when libtorch refuses the source, with its reason
   */
  public static ScriptModule compile(TorchDevice device, ScriptSource source) {
    PtModel model = (PtModel) Model.newInstance(source.className(), device.device(), "PyTorch");
    try {
      byte[] archive = ScriptArchive.of(source.className(), source.text());
      model.load(new ByteArrayInputStream(archive), false);
      return new ScriptModule(device, source.className(), model);
    } catch (EngineException | MalformedModelException | IOException e) {
      model.close();
      throw new IllegalStateException(
          "script " + source.className() + " does not compile: " + e.getMessage(), e);
    }
  }

  /**
   * Calls a method.
   *
   * @param arguments {@link Tensor}, {@link Integer}, {@link Long}, {@link Double}, a {@code
   *     long[]} for {@code List[int]}, or a list of tensors; tensors stay the caller's
   * @throws IllegalStateException on any thread but the device's
   */
  public Result call(String method, Object... arguments) {
    device.enter(method);
    IValue[] values = new IValue[arguments.length];
    try {
      for (int i = 0; i < arguments.length; i++) {
        values[i] = value(arguments[i]);
      }
      return new Result(device.manager(), IValueUtils.runMethod(block, method, values));
    } finally {
      for (int i = 0; i < arguments.length; i++) {
        if (values[i] != null && !(arguments[i] instanceof Tensor)) {
          values[i].close();
        }
      }
    }
  }

  /** Keeps tensors as the class's weights; the caller may close its own references. */
  public void setWeights(List<Tensor> weights) {
    call("set_weights", weights).close();
  }

  private IValue value(Object argument) {
    if (argument instanceof Tensor tensor) {
      return tensor.value();
    }
    if (argument instanceof Integer || argument instanceof Long) {
      return IValue.from(((Number) argument).longValue());
    }
    if (argument instanceof Double number) {
      return IValue.from(number.doubleValue());
    }
    if (argument instanceof long[] numbers) {
      return IValue.listFrom(numbers);
    }
    if (argument instanceof List<?> tensors) {
      return list(tensors);
    }
    throw new IllegalArgumentException(
        "script " + name + " cannot take a " + argument.getClass().getSimpleName());
  }

  private static IValue list(List<?> tensors) {
    PtNDArray[] arrays = new PtNDArray[tensors.size()];
    try {
      for (int i = 0; i < arrays.length; i++) {
        arrays[i] = ((Tensor) tensors.get(i)).array();
      }
      return IValue.listFrom(arrays);
    } finally {
      for (PtNDArray array : arrays) {
        if (array != null) {
          array.close();
        }
      }
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
