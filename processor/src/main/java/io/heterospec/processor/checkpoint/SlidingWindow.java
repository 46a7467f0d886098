package io.heterospec.processor.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/**
 * Attention of some layers to the last tokens only: a token sees itself and the {@code tokens − 1}
 * before it.
 *
 * @param tokens how many tokens are seen
 * @param layers for each layer whether it has the window
 */
public record SlidingWindow(int tokens, boolean[] layers) {
  private static final String FIELD = "sliding_window";
  private static final String TYPES = "layer_types";

  /** What Hugging Face assumes for Mistral and Qwen where the field is missing, not null. */
  private static final int DEFAULT_TOKENS = 4096;

  private static final int QWEN_DEFAULT_FULL_LAYERS = 28;

  /**
   * The window that a configuration asks for, or null where none is ever shorter than the context.
   */
  static SlidingWindow of(ModelFamily family, ConfigJson config, int layers, int contextLength) {
    boolean[] windowed = new boolean[layers];
    switch (family) {
      case LLAMA -> {
        return null;
      }
      case MISTRAL -> Arrays.fill(windowed, true);
      case QWEN2, QWEN3 -> {
        if (!config.flag("use_sliding_window", false)) {
          requireFullLayers(config, layers);
          return null;
        }
        int full =
            config.has("max_window_layers")
                ? config.naturalInt("max_window_layers")
                : QWEN_DEFAULT_FULL_LAYERS;
        Arrays.fill(windowed, Math.min(full, layers), layers, true);
      }
    }
    if (config.has(TYPES)) {
      windowed = byTypes(config, layers);
    }
    boolean none = config.node().has(FIELD) && !config.has(FIELD);
    int tokens = config.positiveInt(FIELD, DEFAULT_TOKENS);
    boolean any = false;
    for (boolean layer : windowed) {
      any |= layer;
    }
    return none || !any || tokens >= contextLength ? null : new SlidingWindow(tokens, windowed);
  }

  private static void requireFullLayers(ConfigJson config, int layers) {
    if (config.has(TYPES)) {
      for (boolean windowed : byTypes(config, layers)) {
        if (windowed) {
          throw config.unsupported(TYPES, "contradicts use_sliding_window = false; correct one");
        }
      }
    }
  }

  private static boolean[] byTypes(ConfigJson config, int layers) {
    JsonNode types = config.node().get(TYPES);
    if (!types.isArray() || types.size() != layers) {
      throw config.unsupported(TYPES, "must list one type for each of " + layers + " layers");
    }
    boolean[] windowed = new boolean[layers];
    for (int i = 0; i < layers; i++) {
      String type = types.get(i).asText();
      windowed[i] = type.equals("sliding_attention");
      if (!windowed[i] && !type.equals("full_attention")) {
        throw config.unsupported(
            TYPES, "has " + type + "; only full_attention and sliding_attention are supported");
      }
    }
    return windowed;
  }
}
