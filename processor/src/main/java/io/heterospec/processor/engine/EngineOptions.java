package io.heterospec.processor.engine;

import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.tree.HeteroSpecOptions;
import io.heterospec.processor.tree.TreeShape;
import java.nio.file.Path;
import java.util.Objects;

/**
 * What an engine is opened with. {@link #of} gives the defaults; each {@code with…} changes one.
 *
 * @param model directory of the target
 * @param draft directory of the EAGLE-3 head, or null: then only {@code vanilla} is served
 * @param name name that requests use for the model, or null for the directory's own
 * @param device {@code cpu} or {@code gpu:N}
 * @param dtype arithmetic type, or null for bf16
 * @param threads threads of one CPU operation, or 0 for the fastest number as measured when loading
 * @param shape draft tree, or null for the device's default
 * @param heteroSpec hyper-parameters of HeteroSpec, or null for the paper's
 * @param mode default tree policy, or null for {@code heterospec} ({@code vanilla} without a head)
 * @param maxLive sequences decoded at the same time
 * @param maxQueued requests held beyond those
 * @param prefillChunk most prompt tokens of one prefill pass
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
    int prefillChunk) {

  /**
   * @throws IllegalArgumentException naming the option and its legal range
   */
  public EngineOptions {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(device, "device");
    require(threads >= 0, "threads must be 0 (all cores) or positive, got " + threads);
    require(maxLive >= 1, "max live sequences must be at least 1, got " + maxLive);
    require(maxQueued >= 0, "max queued requests must be 0 or more, got " + maxQueued);
    require(prefillChunk >= 1, "prefill chunk must be at least 1 token, got " + prefillChunk);
  }

  /** The defaults for a pair on the CPU. */
  public static EngineOptions of(Path model, Path draft) {
    return new EngineOptions(model, draft, null, "cpu", null, 0, null, null, null, 16, 64, 256);
  }

  public EngineOptions withName(String value) {
    return new EngineOptions(
        model,
        draft,
        value,
        device,
        dtype,
        threads,
        shape,
        heteroSpec,
        mode,
        maxLive,
        maxQueued,
        prefillChunk);
  }

  public EngineOptions withDevice(String value) {
    return new EngineOptions(
        model,
        draft,
        name,
        value,
        dtype,
        threads,
        shape,
        heteroSpec,
        mode,
        maxLive,
        maxQueued,
        prefillChunk);
  }

  public EngineOptions withDtype(Dtype value) {
    return new EngineOptions(
        model,
        draft,
        name,
        device,
        value,
        threads,
        shape,
        heteroSpec,
        mode,
        maxLive,
        maxQueued,
        prefillChunk);
  }

  public EngineOptions withThreads(int value) {
    return new EngineOptions(
        model,
        draft,
        name,
        device,
        dtype,
        value,
        shape,
        heteroSpec,
        mode,
        maxLive,
        maxQueued,
        prefillChunk);
  }

  public EngineOptions withShape(TreeShape value) {
    return new EngineOptions(
        model,
        draft,
        name,
        device,
        dtype,
        threads,
        value,
        heteroSpec,
        mode,
        maxLive,
        maxQueued,
        prefillChunk);
  }

  public EngineOptions withHeteroSpec(HeteroSpecOptions value) {
    return new EngineOptions(
        model,
        draft,
        name,
        device,
        dtype,
        threads,
        shape,
        value,
        mode,
        maxLive,
        maxQueued,
        prefillChunk);
  }

  public EngineOptions withMode(String value) {
    return new EngineOptions(
        model,
        draft,
        name,
        device,
        dtype,
        threads,
        shape,
        heteroSpec,
        value,
        maxLive,
        maxQueued,
        prefillChunk);
  }

  public EngineOptions withLimits(int live, int queued) {
    return new EngineOptions(
        model,
        draft,
        name,
        device,
        dtype,
        threads,
        shape,
        heteroSpec,
        mode,
        live,
        queued,
        prefillChunk);
  }

  public EngineOptions withPrefillChunk(int value) {
    return new EngineOptions(
        model,
        draft,
        name,
        device,
        dtype,
        threads,
        shape,
        heteroSpec,
        mode,
        maxLive,
        maxQueued,
        value);
  }

  private static void require(boolean valid, String message) {
    if (!valid) {
      throw new IllegalArgumentException(message);
    }
  }
}
