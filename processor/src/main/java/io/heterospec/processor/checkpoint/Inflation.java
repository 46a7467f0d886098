package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.EntropyBinsFile;
import io.heterospec.processor.tree.SurvivalCounts;
import io.heterospec.processor.tree.SurvivalFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A larger model pair that computes the same function: it costs what a real model of its size
 * costs, and its text, acceptance and entropies are those of the small pair it is made from.
 */
public final class Inflation {
  /** Directories of the result, below the one that is asked for. */
  public static final String TARGET = "target";

  public static final String DRAFT = "draft";

  private static final int MAX_WIDTH = 64;
  private static final int MAX_LAYERS = 512;
  private static final String UNFINISHED = ".unfinished";
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** What is copied as it is, where a directory has it; no weights, and nothing that runs. */
  private static final List<String> TEXT_FILES =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "tokenizer.model",
          "chat_template.jinja",
          "chat_template.json",
          "generation_config.json");

  private final Half target;
  private final Half draft;
  private final EntropyBins bins;
  private final SurvivalCounts survival;

  private record Half(Path original, ObjectNode config, List<TensorRows> tensors) {}

  private Inflation(Half target, Half draft, EntropyBins bins, SurvivalCounts survival) {
    this.target = target;
    this.draft = draft;
    this.bins = bins;
    this.survival = survival;
  }

  /**
   * Checks a pair and plans its inflation; nothing is written yet.
   *
   * @param width how many times as wide hidden state, MLP and number of heads become
   * @param layers of the new target, or null for as many as it has
   * @throws IllegalArgumentException when an argument is out of range or a file is at fault; the
   *     message says which
   */
  public static Inflation plan(Path target, Path draft, int width, Integer layers)
      throws IOException {
    require(
        width >= 1 && width <= MAX_WIDTH,
        "width must be between 1 and " + MAX_WIDTH + ", got " + width);
    Widening widening = new Widening(width);
    // The tensors stay mapped when the checkpoints are closed.
    try (TargetCheckpoint large = TargetCheckpoint.open(target);
        DraftCheckpoint head = DraftCheckpoint.open(draft, large.config())) {
      int deeper = layers == null ? large.config().layers() : layers;
      requireLayers(large.config().layers(), deeper);
      TargetInflation largeInflation = new TargetInflation(large, widening, deeper);
      DraftInflation headInflation = new DraftInflation(head, widening);
      return new Inflation(
          new Half(target, largeInflation.config(), readable(largeInflation.tensors())),
          new Half(draft, headInflation.config(), readable(headInflation.tensors())),
          bins(target, draft),
          survival(target, draft));
    }
  }

  /** Tensors of the new pair. */
  public int tensors() {
    return target.tensors().size() + draft.tensors().size();
  }

  /** Whether the entropy bins of the old pair go with it. */
  public boolean keepsBins() {
    return bins != null;
  }

  /**
   * Writes {@value #TARGET} and {@value #DRAFT} below a directory that is empty or does not exist;
   * they appear when they are whole.
   *
   * @param written called after each tensor
   * @throws IOException when it cannot be written; what was begun is removed
   */
  public void write(Path out, Runnable written) throws IOException {
    boolean exists = Files.exists(out);
    require(!exists || Files.isDirectory(out), out + " is not a directory; choose another");
    require(!exists || isEmpty(out), out + " is not empty; choose another directory");
    Path unfinished = create(out.resolve(UNFINISHED));
    try {
      Path newTarget = write(target, unfinished.resolve(TARGET), written);
      Path newDraft = write(draft, unfinished.resolve(DRAFT), written);
      if (bins != null) {
        EntropyBinsFile.write(
            newDraft.resolve(EntropyBinsFile.NAME),
            bins.forPair(Fingerprint.of(newTarget, newDraft)));
      }
      if (survival != null) {
        new SurvivalFile(Fingerprint.of(newTarget, newDraft), survival)
            .write(newDraft.resolve(SurvivalFile.NAME));
      }
      Files.move(newTarget, out.resolve(TARGET));
      Files.move(newDraft, out.resolve(DRAFT));
      Files.delete(unfinished);
    } catch (IOException | RuntimeException e) {
      delete(exists ? unfinished : out, e);
      throw e;
    }
  }

  private static Path write(Half half, Path directory, Runnable written) throws IOException {
    Files.createDirectories(directory);
    Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(half.config()));
    for (String name : TEXT_FILES) {
      Path file = half.original().resolve(name);
      if (Files.isRegularFile(file)) {
        Files.copy(file, directory.resolve(name));
      }
    }
    SafetensorsWriter.write(directory.resolve("model.safetensors"), half.tensors(), written);
    return directory;
  }

  private static void requireLayers(int has, int wants) {
    require(
        wants >= has && wants <= Math.max(has, MAX_LAYERS),
        "layers must be between %d, which the target has, and %d, got %d"
            .formatted(has, Math.max(has, MAX_LAYERS), wants));
    int possible = wants;
    while (!LayerPlacement.isPossible(has, possible)) {
      possible++;
    }
    require(
        possible == wants,
        "layers = %d leaves a head no place for the features of a target of %d; use %d"
            .formatted(wants, has, possible));
  }

  private static List<TensorRows> readable(List<TensorRows> tensors) {
    for (TensorRows tensor : tensors) {
      require(
          tensor.bytes() <= Integer.MAX_VALUE,
          "tensor %s would have %d bytes, more than the 2 GiB one tensor may have; use a smaller width"
              .formatted(tensor.name(), tensor.bytes()));
    }
    return tensors;
  }

  // Bins are of a function, and that stays: only the name of the pair they belong to changes.
  private static EntropyBins bins(Path target, Path draft) throws IOException {
    Path file = draft.resolve(EntropyBinsFile.NAME);
    if (!Files.isRegularFile(file)) {
      return null;
    }
    EntropyBins bins = EntropyBinsFile.read(file);
    return bins.createdFor().equals(Fingerprint.of(target, draft)) ? bins : null;
  }

  private static SurvivalCounts survival(Path target, Path draft) throws IOException {
    Path file = draft.resolve(SurvivalFile.NAME);
    if (!Files.isRegularFile(file)) {
      return null;
    }
    SurvivalFile survival = SurvivalFile.read(file);
    return survival.createdFor().equals(Fingerprint.of(target, draft)) ? survival.counts() : null;
  }

  private static Path create(Path directory) {
    try {
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw new IllegalArgumentException(directory + " cannot be created: " + e.getMessage(), e);
    }
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isEmpty();
    }
  }

  private static void delete(Path directory, Exception failure) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
