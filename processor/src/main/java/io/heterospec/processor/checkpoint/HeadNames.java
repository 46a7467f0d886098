package io.heterospec.processor.checkpoint;

/**
 * The names that trainers of EAGLE-3 heads give the same tensors: EAGLE's own code, SpecForge and
 * AngelSlim call the layer {@code midlayer}, speculators and vLLM {@code layers.0}; some put {@code
 * model.} before all of them.
 */
final class HeadNames {
  private static final String WRAPPER = "model.";
  private static final String FIRST_LAYER = "layers.0.";

  private HeadNames() {}

  /** The name that EAGLE's own code uses. */
  static String canonical(String name) {
    String bare = name.startsWith(WRAPPER) ? name.substring(WRAPPER.length()) : name;
    return bare.startsWith(FIRST_LAYER)
        ? DraftCheckpoint.LAYER + bare.substring(FIRST_LAYER.length())
        : bare;
  }
}
