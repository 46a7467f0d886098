package io.heterospec.topology.cli;

import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.tree.HeteroSpecPolicy;
import io.heterospec.processor.tree.TreeShape;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
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
      paramLabel = "cpu|gpu:N,…",
      defaultValue = "cpu",
      description =
          "Device to decode on; several GPUs share the layers of one model, by what memory they"
              + " have left. Default: ${DEFAULT-VALUE}.")
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

  @Mixin TreeOptions tree;

  /** Default of commands that show how a text is decoded. */
  static final String SHOWN_MODE = "Tree policy. Default: heterospec where a head is loaded.";

  /** Default of commands that serve. */
  static final String SERVED_MODE =
      "Tree policy. Default: budgeted where a head is loaded, for the bundled pair heterospec.";

  /** The engine's options for a command that shows how texts are decoded. */
  EngineOptions shown(String mode) {
    boolean drafts = model == null || draft != null;
    return engine().withMode(mode == null && drafts ? HeteroSpecPolicy.NAME : mode);
  }

  /**
   * The engine's options for a command that serves. The bundled pair is there to be looked at, and
   * its target so small that the budgeted policy would hardly ever draft.
   */
  EngineOptions served(String mode) {
    return model == null ? shown(mode) : engine().withMode(mode);
  }

  /** The engine's options, without a policy by name. */
  EngineOptions engine() {
    Path target = model == null ? bundled("target") : model;
    Path head = draft == null && model == null ? bundled("draft") : draft;
    EngineOptions options =
        EngineOptions.of(target, head)
            .withName(model == null ? BUNDLED : null)
            .withDevice(device)
            .withDtype(dtype == null ? null : Dtype.parse(dtype))
            .withThreads(threads)
            .withCacheBytes(cacheBytes());
    TreeShape usual = options.usualShape();
    return options
        .withShape(tree.isShaped() ? tree.shape(usual) : null)
        .withHeteroSpec(tree.isTuned() ? tree.heteroSpec(tree.shape(usual)) : null);
  }

  private long cacheBytes() {
    if (cacheMb < 1 || cacheMb > MOST_CACHE_MB) {
      throw new IllegalArgumentException(
          "--cache-mb must be between 1 and %d, got %d".formatted(MOST_CACHE_MB, cacheMb));
    }
    return cacheMb << 20;
  }

  static Path bundled(String part) {
    // The launcher says where the program lies; tests and IDEs run from there.
    return Path.of(System.getProperty("heterospec.home", "."), "model", BUNDLED, part);
  }
}
