package io.heterospec.processor.engine;

import io.heterospec.processor.tree.BudgetedPolicy;
import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.EntropyBinsFile;
import io.heterospec.processor.tree.HeteroSpecOptions;
import io.heterospec.processor.tree.HeteroSpecPolicy;
import io.heterospec.processor.tree.SurveyPolicy;
import io.heterospec.processor.tree.SurvivalCounts;
import io.heterospec.processor.tree.SurvivalFile;
import io.heterospec.processor.tree.TreePolicy;
import io.heterospec.processor.tree.TreeShape;
import io.heterospec.processor.tree.VanillaPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tree policies an engine serves, by name, and the entropy bins they use. */
final class Policies {
  private static final Logger LOG = LoggerFactory.getLogger(Policies.class);

  private final Map<String, TreePolicy> byName = new LinkedHashMap<>();
  private final Map<String, TreePolicy> unlisted = new LinkedHashMap<>(); // no way to decode fast
  private final TreeShape shape;
  private final EntropyBins bins; // null without a head
  private final String defaultMode;

  /**
   * @param fingerprint of the pair: bins of another pair are not used
   * @throws IllegalArgumentException when the default mode is not served
   */
  Policies(EngineOptions options, String fingerprint) {
    byName.put(VanillaPolicy.NAME, new VanillaPolicy());
    shape = shape(options);
    if (options.draft() == null) {
      bins = null;
    } else {
      bins = bins(options.draft(), shape, fingerprint);
      HeteroSpecOptions heteroSpec =
          options.heteroSpec() == null
              ? HeteroSpecOptions.paperDefaults(shape)
              : options.heteroSpec();
      byName.put(Eagle3Policy.NAME, new Eagle3Policy(shape));
      byName.put(HeteroSpecPolicy.NAME, new HeteroSpecPolicy(shape, bins, heteroSpec));
      byName.put(BudgetedPolicy.NAME, new BudgetedPolicy(shape));
      unlisted.put(SurveyPolicy.NAME, SurveyPolicy.of(shape));
    }
    String fallback = options.draft() == null ? VanillaPolicy.NAME : BudgetedPolicy.NAME;
    defaultMode = options.mode() == null ? fallback : options.mode();
    named(defaultMode);
  }

  /** The base tree that options ask for; none without a head. */
  static TreeShape shape(EngineOptions options) {
    if (options.draft() == null) {
      return TreeShape.NONE;
    }
    return options.shape() != null ? options.shape() : options.usualShape();
  }

  private static EntropyBins bins(Path draft, TreeShape shape, String fingerprint) {
    Path file = draft.resolve(EntropyBinsFile.NAME);
    if (!Files.isRegularFile(file)) {
      LOG.warn("{} has no entropy bins: heterospec guesses them; run calibrate", draft);
      return EntropyBins.uncalibrated(shape);
    }
    EntropyBins stored = read(file);
    if (!stored.fits(shape) || !stored.createdFor().equals(fingerprint)) {
      LOG.warn(
          "{} was made for another {}: heterospec guesses its bins; run calibrate",
          file,
          stored.fits(shape) ? "model pair" : "tree shape");
      return EntropyBins.uncalibrated(shape);
    }
    return stored;
  }

  private static EntropyBins read(Path file) {
    try {
      return EntropyBinsFile.read(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read", e);
    }
  }

  /**
   * What calibration saw of the pair's draft nodes; nothing where it was not calibrated with these
   * bins.
   */
  SurvivalCounts survival(Path draft, int topK, String fingerprint) {
    SurvivalCounts none = SurvivalCounts.empty(bins.count(), topK);
    Path file = draft.resolve(SurvivalFile.NAME);
    if (!bins.calibrated() || !Files.isRegularFile(file)) {
      return none;
    }
    try {
      SurvivalFile stored = SurvivalFile.read(file);
      if (stored.createdFor().equals(fingerprint) && stored.counts().fits(bins.count(), topK)) {
        return stored.counts();
      }
      LOG.warn("{} was made for another pair or other bins and is not used; run calibrate", file);
      return none;
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read", e);
    }
  }

  /**
   * The policy of a name, or the default for null.
   *
   * @throws IllegalArgumentException listing the names served
   */
  TreePolicy named(String mode) {
    String name = mode == null ? defaultMode : mode;
    TreePolicy policy = byName.getOrDefault(name, unlisted.get(name));
    if (policy == null) {
      throw new IllegalArgumentException(
          "mode '%s' is not served here; use one of %s%s"
              .formatted(mode, names(), bins == null ? " (no draft head is loaded)" : ""));
    }
    return policy;
  }

  /** Names of the policies to decode with. */
  List<String> names() {
    return List.copyOf(byName.keySet());
  }

  boolean isServed(String mode) {
    return byName.containsKey(mode) || unlisted.containsKey(mode);
  }

  String defaultMode() {
    return defaultMode;
  }

  TreeShape shape() {
    return shape;
  }

  EntropyBins bins() {
    return bins;
  }
}
