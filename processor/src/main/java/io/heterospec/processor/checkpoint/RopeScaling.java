package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How rotary frequencies are stretched beyond the trained context, as {@code rope_scaling} in a
 * config.json says.
 *
 * <p>Type {@code dynamic} leaves the frequencies of a context that was trained alone and changes
 * them with the length of a longer one, so that a key depends on when it was computed. Models that
 * ask for it are run as they are up to the trained length.
 *
 * @param type {@code llama3}, {@code linear} or {@code yarn}
 * @param factor divisor of (low) frequencies
 * @param lowFreqFactor llama3: wavelengths above {@code original / this} are divided by factor;
 *     yarn: rotations within the original length below which frequencies are divided
 * @param highFreqFactor llama3: wavelengths below {@code original / this} stay as they are; yarn:
 *     rotations above which frequencies stay
 * @param originalMaxPosition llama3 and yarn: context length before the stretch, in tokens
 * @param magnitude yarn: what cosines and sines are multiplied by; 1 for the others
 * @param truncate yarn: whether the borders of the blend are whole dimensions
 */
public record RopeScaling(
    String type,
    double factor,
    double lowFreqFactor,
    double highFreqFactor,
    int originalMaxPosition,
    double magnitude,
    boolean truncate) {

  /** The type that Llama 3.1 and later use. */
  public static final String LLAMA3 = "llama3";

  /** Position interpolation: all frequencies divided by the factor. */
  public static final String LINEAR = "linear";

  /** Interpolation of low frequencies only, with warmer attention (arXiv 2309.00071). */
  public static final String YARN = "yarn";

  private static final String DYNAMIC = "dynamic";

  /** Position interpolation. */
  static RopeScaling linear(double factor) {
    return new RopeScaling(LINEAR, factor, 0, 0, 0, 1, false);
  }

  /** Llama 3's. */
  static RopeScaling llama3(double factor, double low, double high, int original) {
    return new RopeScaling(LLAMA3, factor, low, high, original, 1, false);
  }

  /**
   * The scaling that a configuration asks for, or null for none.
   *
   * @param contextLength {@code max_position_embeddings}
   * @throws CheckpointException for an unknown type
   */
  static RopeScaling from(ConfigJson config, int contextLength) {
    String field = config.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    ConfigJson scaling = config.object(field).orElse(null);
    if (scaling == null) {
      return null;
    }
    for (JsonNode value : scaling.node()) {
      if (value.isObject()) {
        throw config.unsupported(field, "differs by layer, which is not supported");
      }
    }
    UnsupportedFields.refuse(scaling);
    String type = scaling.text("rope_type", scaling.text("type", "default"));
    return switch (type) {
      case "default", DYNAMIC -> null;
      case LINEAR -> linear(scaling.positive("factor"));
      case LLAMA3 -> llama3(config, field, scaling);
      case YARN -> yarn(scaling, contextLength);
      default ->
          throw config.unsupported(
              field,
              "has type "
                  + type
                  + ", which is not supported; use llama3, linear, dynamic, yarn or none");
    };
  }

  private static RopeScaling llama3(ConfigJson config, String field, ConfigJson scaling) {
    double low = scaling.positive("low_freq_factor");
    double high = scaling.positive("high_freq_factor");
    if (high <= low) {
      throw config.unsupported(field, "needs high_freq_factor above low_freq_factor");
    }
    return llama3(
        scaling.positive("factor"),
        low,
        high,
        scaling.positiveInt("original_max_position_embeddings"));
  }

  // Hugging Face's _compute_yarn_parameters.
  private static RopeScaling yarn(ConfigJson scaling, int contextLength) {
    int original = scaling.positiveInt("original_max_position_embeddings", contextLength);
    double factor = scaling.positive("factor", (double) contextLength / original);
    double magnitude = mscale(factor, 1);
    if (scaling.has("mscale") && scaling.has("mscale_all_dim")) {
      magnitude =
          mscale(factor, scaling.positive("mscale"))
              / mscale(factor, scaling.positive("mscale_all_dim"));
    }
    return new RopeScaling(
        YARN,
        factor,
        scaling.positive("beta_slow", 1),
        scaling.positive("beta_fast", 32),
        original,
        scaling.positive("attention_factor", magnitude),
        scaling.flag("truncate", true));
  }

  private static double mscale(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }

  /**
   * Tokens that a model can be given: what was trained, stretched where the file tells the length
   * before the stretch.
   *
   * @param configured {@code max_position_embeddings}
   */
  static int contextLength(RopeScaling scaling, int configured) {
    if (scaling == null || !scaling.type().equals(YARN)) {
      return configured;
    }
    double stretched = Math.min(scaling.originalMaxPosition() * scaling.factor(), 1 << 30);
    return Math.max(configured, (int) stretched);
  }

  /** Base of the frequencies; newer files keep it inside {@code rope_parameters}. */
  static double theta(ConfigJson config) {
    double nested =
        config.object("rope_parameters").map(p -> p.positive("rope_theta", 10000)).orElse(10000.0);
    return config.positive("rope_theta", nested);
  }
}
