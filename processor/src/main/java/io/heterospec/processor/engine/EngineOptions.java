package io.heterospec.processor.engine;

import io.heterospec.processor.checkpoint.LoadProgress;
import io.heterospec.processor.torch.DeviceNames;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.HeteroSpecOptions;
import io.heterospec.processor.tree.TreeShape;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * What an engine is opened with. {@link #of} gives the defaults; each {@code with…} changes one.
 *
 * @param model directory of the target
 * @param draft directory of the EAGLE-3 head, or null: then only {@code vanilla} is served
 * @param name name that requests use for the model, or null for the directory's own
 * @param device {@code cpu}, {@code gpu:N}, or {@code gpu:N,gpu:M,…} to place layers over several
 * @param dtype arithmetic type, or null for bf16, or fp32 where the processor lacks it
 * @param threads threads of one CPU operation, or 0 for the number that pays as measured when
 *     loading
 * @param shape draft tree, or null for the device's default
 * @param heteroSpec hyper-parameters of HeteroSpec, or null for the paper's
 * @param mode default tree policy, or null for {@code budgeted} ({@code vanilla} without a head)
 * @param maxLive sequences decoded at the same time
 * @param maxQueued requests held beyond those
 * @param prefillChunk most prompt tokens of one prefill pass; a pass takes fewer while sequences
 *     decode, so that they do not stand still for long
 * @param cacheBytes most bytes of the caches of all live sequences, at least 1 MiB; a sequence that
 *     does not fit beside them waits. Memory is taken as it is needed and given back when the
 *     engine has nothing to do
 * @param progress told how much of the weights was read
 * @param costs what passes cost, or null to use what was measured on this device, or measure it
 */
public record EngineOptions(
    Path model,
    Path draft,
    String name,
    String device,
    Dtype dtype,
    int threads,
    TreeShape shape,
    HeteroSpecOptions heteroSpec,
    String mode,
    int maxLive,
    int maxQueued,
    int prefillChunk,
    long cacheBytes,
    LoadProgress progress,
    CostTable costs) {
  private static final long DEFAULT_CACHE_BYTES = 4L << 30;
  private static final long LEAST_CACHE_BYTES = 1L << 20;

  /**
   * @throws IllegalArgumentException naming the option and its legal range
   */
  public EngineOptions {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(progress, "progress");
    require(threads >= 0, "threads must be 0 (measured) or positive, got " + threads);
    require(maxLive >= 1, "max live sequences must be at least 1, got " + maxLive);
    require(maxQueued >= 0, "max queued requests must be 0 or more, got " + maxQueued);
    require(prefillChunk >= 1, "prefill chunk must be at least 1 token, got " + prefillChunk);
    require(
        cacheBytes >= LEAST_CACHE_BYTES,
        "cache bytes must be at least %d (1 MiB), got %d".formatted(LEAST_CACHE_BYTES, cacheBytes));
  }

  /** The defaults for a pair on the CPU. */
  public static EngineOptions of(Path model, Path draft) {
    return new EngineOptions(
        model,
        draft,
        null,
        "cpu",
        null,
        0,
        null,
        null,
        null,
        16,
        64,
        256,
        DEFAULT_CACHE_BYTES,
        LoadProgress.NONE,
        null);
  }

  /** The base tree of the device, unless another is asked for. */
  public TreeShape usualShape() {
    return DeviceNames.parse(device).contains("cpu")
        ? TreeShape.cpuDefault()
        : TreeShape.gpuDefault();
  }

  public EngineOptions withName(String value) {
    return with(edit -> edit.name = value);
  }

  public EngineOptions withDevice(String value) {
    return with(edit -> edit.device = value);
  }

  public EngineOptions withDtype(Dtype value) {
    return with(edit -> edit.dtype = value);
  }

  public EngineOptions withThreads(int value) {
    return with(edit -> edit.threads = value);
  }

  public EngineOptions withShape(TreeShape value) {
    return with(edit -> edit.shape = value);
  }

  public EngineOptions withHeteroSpec(HeteroSpecOptions value) {
    return with(edit -> edit.heteroSpec = value);
  }

  public EngineOptions withMode(String value) {
    return with(edit -> edit.mode = value);
  }

  public EngineOptions withPrefillChunk(int value) {
    return with(edit -> edit.prefillChunk = value);
  }

  public EngineOptions withCosts(CostTable value) {
    return with(edit -> edit.costs = value);
  }

  public EngineOptions withCacheBytes(long value) {
    return with(edit -> edit.cacheBytes = value);
  }

  public EngineOptions withProgress(LoadProgress value) {
    return with(edit -> edit.progress = value);
  }

  public EngineOptions withLimits(int live, int queued) {
    return with(
        edit -> {
          edit.maxLive = live;
          edit.maxQueued = queued;
        });
  }

  private EngineOptions with(Consumer<Edit> change) {
    Edit edit = new Edit(this);
    change.accept(edit);
    return new EngineOptions(
        edit.model,
        edit.draft,
        edit.name,
        edit.device,
        edit.dtype,
        edit.threads,
        edit.shape,
        edit.heteroSpec,
        edit.mode,
        edit.maxLive,
        edit.maxQueued,
        edit.prefillChunk,
        edit.cacheBytes,
        edit.progress,
        edit.costs);
  }

  /** A copy of the options that can be changed. */
  private static final class Edit {
    private final Path model;
    private final Path draft;
    private String name;
    private String device;
    private Dtype dtype;
    private int threads;
    private TreeShape shape;
    private HeteroSpecOptions heteroSpec;
    private String mode;
    private int maxLive;
    private int maxQueued;
    private int prefillChunk;
    private CostTable costs;
    private long cacheBytes;
    private LoadProgress progress;

    Edit(EngineOptions from) {
      model = from.model;
      draft = from.draft;
      name = from.name;
      device = from.device;
      dtype = from.dtype;
      threads = from.threads;
      shape = from.shape;
      heteroSpec = from.heteroSpec;
      mode = from.mode;
      maxLive = from.maxLive;
      maxQueued = from.maxQueued;
      prefillChunk = from.prefillChunk;
      costs = from.costs;
      cacheBytes = from.cacheBytes;
      progress = from.progress;
    }
  }

  private static void require(boolean valid, String message) {
    if (!valid) {
      throw new IllegalArgumentException(message);
    }
  }
}
