package io.heterospec.processor.model;

import com.fasterxml.jackson.databind.JsonNode;

/** Rotary frequencies as the published formulas state them, straight from a configuration. */
final class ReferenceRotary {
  private ReferenceRotary() {}

  static double[] inverse(JsonNode config) {
    int dim = config.get("head_dim").intValue();
    double theta = config.get("rope_theta").doubleValue();
    JsonNode scaling = config.path("rope_scaling");
    double factor = scaling.path("factor").asDouble(1);
    double[] inverse = new double[dim / 2];
    for (int i = 0; i < inverse.length; i++) {
      double plain = 1 / Math.pow(theta, 2.0 * i / dim);
      inverse[i] =
          switch (scaling.path("rope_type").asText("default")) {
            case "linear" -> plain / factor;
            case "llama3" -> llama3(plain, scaling, factor);
            case "yarn" -> yarn(plain, i, dim, theta, scaling, factor);
            default -> plain; // dynamic, too, within the trained length
          };
    }
    return inverse;
  }

  static double magnitude(JsonNode config) {
    JsonNode scaling = config.path("rope_scaling");
    if (!scaling.path("rope_type").asText().equals("yarn")) {
      return 1;
    }
    double log = Math.log(scaling.get("factor").doubleValue());
    return scaling.has("mscale")
        ? (0.1 * scaling.get("mscale").doubleValue() * log + 1)
            / (0.1 * scaling.get("mscale_all_dim").doubleValue() * log + 1)
        : 0.1 * log + 1;
  }

  // Long waves are stretched, short ones kept, and those between blended by their frequency.
  private static double llama3(double plain, JsonNode scaling, double factor) {
    double original = scaling.get("original_max_position_embeddings").doubleValue();
    double low = scaling.get("low_freq_factor").doubleValue();
    double high = scaling.get("high_freq_factor").doubleValue();
    double wavelength = 2 * Math.PI / plain;
    if (wavelength > original / low) {
      return plain / factor;
    }
    if (wavelength < original / high) {
      return plain;
    }
    double smooth = (original / wavelength - low) / (high - low);
    return (1 - smooth) * plain / factor + smooth * plain;
  }

  // A linear ramp over dimensions between those that turn 32 times and once in the trained length.
  private static double yarn(
      double plain, int i, int dim, double theta, JsonNode scaling, double factor) {
    double original = scaling.get("original_max_position_embeddings").doubleValue();
    double fast = scaling.path("beta_fast").asDouble(32);
    double slow = scaling.path("beta_slow").asDouble(1);
    double low =
        Math.floor(dim * Math.log(original / (fast * 2 * Math.PI)) / (2 * Math.log(theta)));
    double high =
        Math.ceil(dim * Math.log(original / (slow * 2 * Math.PI)) / (2 * Math.log(theta)));
    low = Math.max(low, 0);
    high = Math.min(high, dim - 1);
    double ramp = Math.max(0, Math.min(1, (i - low) / Math.max(high - low, 0.001)));
    return plain / factor * ramp + plain * (1 - ramp);
  }
}
