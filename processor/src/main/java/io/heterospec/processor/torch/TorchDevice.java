package io.heterospec.processor.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * One CPU or GPU and the tensors made on it. Tensors must be made and closed on the thread that
 * opened it; calls of scripts from any other are refused.
 */
public final class TorchDevice implements AutoCloseable {
  private static final String ENGINE = "PyTorch";

  private final String name;
  private final Device device;
  private final PtNDManager manager;
  private final Thread owner = Thread.currentThread();
  private CallProbe probe = method -> {};
  private int threads;

  /** Hears of every call of a script on the device before it is made. */
  @FunctionalInterface
  public interface CallProbe {
    /**
     * Called on the device's thread.
     *
     * @param method of the script
     * @throws RuntimeException instead of the call, as if the device had failed
     */
    void before(String method);
  }

  private TorchDevice(String name, Device device) {
    this.name = name;
    this.device = device;
    this.manager = (PtNDManager) NDManager.newBaseManager(device, ENGINE);
  }

  /**
   * Opens a device and prepares the calling thread to own it.
   *
   * @param name {@code cpu} or {@code gpu:N}
   * @param threads threads of one CPU operation, 0 for the number of cores; see {@link #useThreads}
   * @throws IllegalArgumentException for an unknown name or a GPU this machine or build lacks
   */
  public static TorchDevice open(String name, int threads) {
    Device device = parse(name);
    int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    Engine engine = Engine.getEngine(ENGINE);
    if (device.isGpu() && device.getDeviceId() >= engine.getGpuCount()) {
      throw new IllegalArgumentException(absent(name, engine.getGpuCount()));
    }
    // Per thread: shapes change with every tree, and the profiling executor would recompile for
    // each.
    JniUtils.setGraphExecutorOptimize(false);
    JniUtils.setGradMode(false);
    TorchDevice opened = new TorchDevice(name, device);
    opened.useThreads(count);
    return opened;
  }

  private static String absent(String name, int gpus) {
    return gpus == 0
        ? "device %s is not available: this build sees no GPU; use cpu, or build with -Pcuda"
            .formatted(name)
        : "device %s is not available: this machine has gpu:0 to gpu:%d".formatted(name, gpus - 1);
  }

  private static Device parse(String name) {
    List<String> devices = DeviceNames.parse(name);
    if (devices.size() > 1) {
      throw new IllegalArgumentException("'" + name + "' names several devices, not one");
    }
    String device = devices.get(0);
    return device.equals("cpu")
        ? Device.cpu()
        : Device.gpu(Integer.parseInt(device.substring("gpu:".length())));
  }

  /** Name as given. */
  public String name() {
    return name;
  }

  public boolean isGpu() {
    return device.isGpu();
  }

  /** Threads of one CPU operation. */
  public int threads() {
    return threads;
  }

  /** Changes the threads of one CPU operation, for the whole process. */
  public void useThreads(int count) {
    JniUtils.setNumThreads(count);
    threads = count;
  }

  /** An int64 tensor. */
  public Tensor longs(long[] values, long... shape) {
    return new Tensor(manager, (PtNDArray) manager.create(values, new Shape(shape)));
  }

  /** The values from {@code from} to {@code to} as an int64 tensor of one dimension. */
  public Tensor longs(int[] values, int from, int to) {
    long[] wide = new long[to - from];
    for (int i = from; i < to; i++) {
      wide[i - from] = values[i];
    }
    return longs(wide, wide.length);
  }

  /** An fp32 tensor. */
  public Tensor floats(float[] values, long... shape) {
    return new Tensor(manager, (PtNDArray) manager.create(values, new Shape(shape)));
  }

  /** Bytes as a uint8 tensor; the buffer must stay unchanged while the tensor is in use. */
  public Tensor bytes(ByteBuffer values) {
    Shape shape = new Shape(values.remaining());
    return new Tensor(manager, (PtNDArray) manager.create(values, shape, DataType.UINT8));
  }

  /** A copy of bytes as a uint8 tensor. */
  public Tensor bytes(byte[] values) {
    Shape shape = new Shape(values.length);
    ByteBuffer wrapped = ByteBuffer.wrap(values);
    return new Tensor(manager, (PtNDArray) manager.create(wrapped, shape, DataType.UINT8));
  }

  /** Sets what hears of calls: the place to observe a device, or to let it fail. */
  public void probe(CallProbe listener) {
    probe = listener;
  }

  /**
   * The one gate of all work on the device.
   *
   * @throws IllegalStateException on any thread but the one that opened it: libtorch's modes are
   *     per thread, and passes on two threads would overwrite each other's caches
   */
  void enter(String method) {
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException(
          "%s belongs to thread '%s'; '%s' was called on thread '%s'"
              .formatted(name, owner.getName(), method, Thread.currentThread().getName()));
    }
    probe.before(method);
  }

  Device device() {
    return device;
  }

  PtNDManager manager() {
    return manager;
  }

  @Override
  public void close() {
    manager.close();
  }
}
