package io.heterospec.processor.checkpoint;

/**
 * How rotary frequencies are stretched beyond the trained context, as {@code rope_scaling} in a
 * config.json says.
 *
 * @param type {@code llama3} or {@code linear}
 * @param factor divisor of (low) frequencies
 * @param lowFreqFactor llama3 only: wavelengths above {@code original / this} are divided by factor
 * @param highFreqFactor llama3 only: wavelengths below {@code original / this} stay as they are
 * @param originalMaxPosition llama3 only: context length before the stretch, in tokens
 */
public record RopeScaling(
    String type,
    double factor,
    double lowFreqFactor,
    double highFreqFactor,
    int originalMaxPosition) {

  /** The type that Llama 3.1 and later use. */
  public static final String LLAMA3 = "llama3";

  /** Position interpolation: all frequencies divided by the factor. */
  public static final String LINEAR = "linear";

  /**
   * The scaling that a configuration asks for, or null for none.
   *
   * @throws CheckpointException for a type other than llama3, linear and default
   */
  static RopeScaling from(ConfigJson config) {
    String field = config.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    ConfigJson scaling = config.object(field).orElse(null);
    if (scaling == null) {
      return null;
    }
    String type = scaling.text("rope_type", scaling.text("type", "default"));
    return switch (type) {
      case "default" -> null;
      case LINEAR -> new RopeScaling(type, scaling.positive("factor"), 0, 0, 0);
      case LLAMA3 -> llama3(config, field, scaling);
      default ->
          throw config.unsupported(
              field, "has type " + type + ", which is not supported; use llama3, linear or none");
    };
  }

  private static RopeScaling llama3(ConfigJson config, String field, ConfigJson scaling) {
    double low = scaling.positive("low_freq_factor");
    double high = scaling.positive("high_freq_factor");
    if (high <= low) {
      throw config.unsupported(field, "needs high_freq_factor above low_freq_factor");
    }
    return new RopeScaling(
        LLAMA3,
        scaling.positive("factor"),
        low,
        high,
        scaling.positiveInt("original_max_position_embeddings"));
  }

  /** Base of the frequencies; newer files keep it inside {@code rope_parameters}. */
  static double theta(ConfigJson config) {
    double nested =
        config.object("rope_parameters").map(p -> p.positive("rope_theta", 10000)).orElse(10000.0);
    return config.positive("rope_theta", nested);
  }
}
