package io.heterospec.processor.checkpoint;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The decoder families that can be run: how they differ from Llama, and what Hugging Face's {@code
 * configuration_*.py} of each assumes for a field that its config.json leaves out.
 */
enum ModelFamily {
  LLAMA("llama", "LlamaForCausalLM", 0, 0, 2048),
  MISTRAL("mistral", "MistralForCausalLM", 8, 0, 131072),
  QWEN2("qwen2", "Qwen2ForCausalLM", 32, 0, 32768),
  QWEN3("qwen3", "Qwen3ForCausalLM", 32, 128, 32768);

  private final String modelType;
  private final String architecture;
  private final int kvHeads; // 0: as many as query heads
  private final int headDim; // 0: hidden size / query heads
  private final int contextLength;

  ModelFamily(String modelType, String architecture, int kvHeads, int headDim, int contextLength) {
    this.modelType = modelType;
    this.architecture = architecture;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.contextLength = contextLength;
  }

  /**
   * The family that a target's configuration names.
   *
   * @throws CheckpointException naming the field and what it could be
   */
  static ModelFamily of(ConfigJson config) {
    for (ModelFamily family : values()) {
      if (config.has("model_type")
          ? config.text("model_type", "").equals(family.modelType)
          : config.architecture().equals(family.architecture)) {
        return family;
      }
    }
    throw config.has("model_type")
        ? config.unsupported("model_type", "is not supported; only " + modelTypes() + " are")
        : config.missing("model_type");
  }

  private static String modelTypes() {
    return Arrays.stream(values()).map(ModelFamily::modelType).collect(Collectors.joining(", "));
  }

  /** {@code model_type} of its config.json. */
  String modelType() {
    return modelType;
  }

  /** Entry of {@code architectures} in its config.json. */
  String architecture() {
    return architecture;
  }

  int defaultKvHeads(int heads) {
    return kvHeads == 0 ? heads : kvHeads;
  }

  int defaultHeadDim(int hidden, int heads) {
    return headDim == 0 ? hidden / heads : headDim;
  }

  boolean hasDefaultHeadDim() {
    return headDim != 0;
  }

  int defaultContextLength() {
    return contextLength;
  }
}
