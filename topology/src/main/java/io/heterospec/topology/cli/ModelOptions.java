package io.heterospec.topology.cli;

import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.tree.HeteroSpecOptions;
import io.heterospec.processor.tree.TreeShape;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of every command that loads models. */
final class ModelOptions {
  private static final String BUNDLED = "demo";
  private static final long MOST_CACHE_MB = 1 << 30;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Hugging Face directory of the target. Default: the bundled demo pair.")
  Path model;

  @Option(
      names = "--draft",
      paramLabel = "DIR",
      description = "Directory of its EAGLE-3 head. Without one, only vanilla is served.")
  Path draft;

  @Option(
      names = "--device",
      paramLabel = "cpu|gpu:N",
      defaultValue = "cpu",
      description = "Device to decode on. Default: ${DEFAULT-VALUE}.")
  String device;

  @Option(
      names = "--dtype",
      paramLabel = "bf16|fp16|fp32",
      description = "Arithmetic type. Default: bf16 where the processor has it.")
  String dtype;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description =
          "Threads of one operation on a CPU. Default: measured when the model is loaded.")
  int threads;

  @Option(
      names = "--cache-mb",
      paramLabel = "MIB",
      defaultValue = "4096",
      description =
          "Most memory for the key-value caches of all live sequences; those that do not fit wait."
              + " Default: ${DEFAULT-VALUE}.")
  long cacheMb;

  @Option(names = "--tree-top-k", paramLabel = "K", description = "Children of each draft node.")
  Integer topK;

  @Option(names = "--tree-depth", paramLabel = "D", description = "Drafted levels.")
  Integer depth;

  @Option(names = "--tree-nodes", paramLabel = "N", description = "Verified draft nodes.")
  Integer nodes;

  @Option(
      names = "--alpha",
      description =
          "HeteroSpec: further levels in the lowest entropy bin. Default: depth/2 rounded up.")
  Integer alpha;

  @Option(
      names = "--gamma",
      split = ",",
      description =
          "HeteroSpec: shares of the nodes verified in the lowest bins. Default: 0.3,0.6,1.0.")
  List<Double> gamma;

  /** The engine's options; {@code mode} is its default policy, or null. */
  EngineOptions engine(String mode) {
    Path target = model == null ? bundled("target") : model;
    Path head = draft == null && model == null ? bundled("draft") : draft;
    TreeShape shape = shape();
    return EngineOptions.of(target, head)
        .withName(model == null ? BUNDLED : null)
        .withDevice(device)
        .withDtype(dtype == null ? null : Dtype.parse(dtype))
        .withThreads(threads)
        .withCacheBytes(cacheBytes())
        .withShape(shape)
        .withHeteroSpec(heteroSpec(shape))
        .withMode(mode);
  }

  /** Opens the engine these options describe. */
  TorchEngine open(String mode) {
    return TorchEngine.open(engine(mode));
  }

  private long cacheBytes() {
    if (cacheMb < 1 || cacheMb > MOST_CACHE_MB) {
      throw new IllegalArgumentException(
          "--cache-mb must be between 1 and %d, got %d".formatted(MOST_CACHE_MB, cacheMb));
    }
    return cacheMb << 20;
  }

  private TreeShape shape() {
    if (topK == null && depth == null && nodes == null) {
      return null;
    }
    TreeShape base = baseShape();
    return new TreeShape(
        topK == null ? base.topK() : topK,
        depth == null ? base.depth() : depth,
        nodes == null ? base.nodes() : nodes);
  }

  private HeteroSpecOptions heteroSpec(TreeShape shape) {
    if (alpha == null && gamma == null) {
      return null;
    }
    HeteroSpecOptions paper = HeteroSpecOptions.paperDefaults(shape == null ? baseShape() : shape);
    return new HeteroSpecOptions(
        alpha == null ? paper.alpha() : alpha,
        gamma == null ? paper.gamma() : gamma.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private TreeShape baseShape() {
    return device.equals("cpu") ? TreeShape.cpuDefault() : TreeShape.gpuDefault();
  }

  static Path bundled(String part) {
    // The launcher says where the program lies; tests and IDEs run from there.
    return Path.of(System.getProperty("heterospec.home", "."), "model", BUNDLED, part);
  }
}
