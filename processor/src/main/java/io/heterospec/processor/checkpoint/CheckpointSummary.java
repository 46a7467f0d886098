package io.heterospec.processor.checkpoint;

import io.heterospec.processor.text.HuggingFaceTextModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a model directory holds and whether this program can run it. Numbers that the directory does
 * not tell are 0.
 *
 * @param kind target or draft head
 * @param architecture first entry of {@code architectures}, possibly empty
 * @param modelType family whose maths it is
 * @param parameters number of weights
 * @param bytes bytes of all tensors
 * @param dtype element type that most bytes have, empty without tensors
 * @param layers decoder layers
 * @param hiddenSize width of the residual stream
 * @param heads query heads
 * @param kvHeads key-value heads
 * @param headDim dimensions of a head
 * @param kvBytesPerTokenBf16 bytes of keys and values of one token in 16 bits
 * @param kvBytesPerTokenFp32 the same in 32 bits
 * @param featureLayers layers whose inputs an EAGLE-3 head reads; empty for too small a target or
 *     an unknown one
 * @param contextLength longest sequence in tokens
 * @param vocabularySize token ids
 * @param draftVocabularySize token ids a head can propose, 0 for a target
 * @param tokenizer whether tokenizer.json is there
 * @param chatTemplate whether a chat template is there
 * @param problems one sentence for each reason why it cannot run; empty when it can
 */
public record CheckpointSummary(
    Kind kind,
    String architecture,
    String modelType,
    long parameters,
    long bytes,
    String dtype,
    int layers,
    int hiddenSize,
    int heads,
    int kvHeads,
    int headDim,
    long kvBytesPerTokenBf16,
    long kvBytesPerTokenFp32,
    List<Integer> featureLayers,
    int contextLength,
    int vocabularySize,
    int draftVocabularySize,
    boolean tokenizer,
    boolean chatTemplate,
    List<String> problems) {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointSummary.class);

  /** What a directory is for. */
  public enum Kind {
    TARGET,
    DRAFT
  }

  /** The summary of a directory by itself. */
  public static CheckpointSummary of(Path directory) {
    return of(directory, null);
  }

  /**
   * The summary of a directory; a head is compared with a target where one is given.
   *
   * @param target directory of the target, or null
   * @throws CheckpointException when there is no readable config.json to summarise
   */
  public static CheckpointSummary of(Path directory, Path target) {
    ConfigJson config =
        SpeculatorConfig.flattened(ConfigJson.read(directory.resolve("config.json")));
    Kind kind = DraftConfig.isHead(config) ? Kind.DRAFT : Kind.TARGET;
    List<String> problems = problems(kind, directory, target);
    Weights weights = Weights.of(directory);
    int heads = number(config, "num_attention_heads");
    ModelFamily family = family(kind, config);
    int kvHeads =
        config.has("num_key_value_heads")
            ? number(config, "num_key_value_heads")
            : family.defaultKvHeads(heads);
    int hidden = number(config, "hidden_size");
    int headDim =
        config.has("head_dim")
            ? number(config, "head_dim")
            : heads == 0 ? 0 : family.defaultHeadDim(hidden, heads);
    int layers = kind == Kind.DRAFT ? 1 : number(config, "num_hidden_layers");
    long kvValues = 2L * layers * kvHeads * headDim;
    return new CheckpointSummary(
        kind,
        config.architecture(),
        family.modelType(),
        weights.parameters(),
        weights.bytes(),
        weights.dtype(),
        layers,
        hidden,
        heads,
        kvHeads,
        headDim,
        kvValues * 2,
        kvValues * 4,
        featureLayers(kind, layers, target),
        contextLength(kind, directory, config, family),
        number(config, "vocab_size"),
        kind == Kind.DRAFT
            ? config.node().path("draft_vocab_size").asInt(number(config, "vocab_size"))
            : 0,
        Files.isRegularFile(directory.resolve("tokenizer.json"))
            || Files.isRegularFile(directory.resolve("tokenizer.model")),
        hasChatTemplate(directory, problems),
        List.copyOf(problems));
  }

  /** Whether nothing stands in the way of running it. */
  public boolean runnable() {
    return problems.isEmpty();
  }

  private static List<String> problems(Kind kind, Path directory, Path target) {
    List<String> problems = new ArrayList<>();
    try {
      if (kind == Kind.TARGET) {
        TargetCheckpoint.open(directory).close();
      } else if (target == null) {
        DraftCheckpoint.open(directory, DraftConfig.read(directory)).close();
      } else {
        DraftCheckpoint.open(directory, TargetConfig.read(target)).close();
      }
    } catch (CheckpointException e) {
      problems.add(e.getMessage());
    }
    return problems;
  }

  private static List<Integer> featureLayers(Kind kind, int ownLayers, Path target) {
    int layers = ownLayers;
    if (kind == Kind.DRAFT) {
      if (target == null) {
        return List.of();
      }
      layers = number(ConfigJson.read(target.resolve("config.json")), "num_hidden_layers");
    }
    return layers < DraftCheckpoint.MIN_TARGET_LAYERS
        ? List.of()
        : List.of(2, layers / 2, layers - 3);
  }

  private static boolean hasChatTemplate(Path directory, List<String> problems) {
    try {
      return HuggingFaceTextModel.hasChatTemplate(directory);
    } catch (CheckpointException e) {
      problems.add(e.getMessage());
      return false;
    }
  }

  private static ModelFamily family(Kind kind, ConfigJson config) {
    try {
      return kind == Kind.DRAFT ? ModelFamily.LLAMA : ModelFamily.of(config);
    } catch (CheckpointException e) {
      return ModelFamily.LLAMA; // problems() has reported it already
    }
  }

  private static int contextLength(
      Kind kind, Path directory, ConfigJson config, ModelFamily family) {
    try {
      if (kind == Kind.TARGET) {
        return TargetConfig.read(directory).contextLength();
      }
    } catch (CheckpointException e) {
      LOG.debug("{}", e.getMessage()); // problems() has reported it already
    }
    return config.node().path("max_position_embeddings").asInt(family.defaultContextLength());
  }

  // Lenient on purpose: a model that cannot run still has its numbers shown.
  private static int number(ConfigJson config, String field) {
    return config.node().path(field).asInt(0);
  }

  private record Weights(long parameters, long bytes, String dtype) {
    static Weights of(Path directory) {
      try (CheckpointTensors tensors = CheckpointTensors.open(directory)) {
        Map<TensorType, Long> bytes = new EnumMap<>(TensorType.class);
        for (String name : tensors.names()) {
          TensorEntry entry = tensors.entry(name);
          bytes.merge(entry.type(), entry.bytes(), Long::sum);
        }
        String dtype =
            bytes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(e -> e.getKey().name())
                .orElse("");
        return new Weights(tensors.parameterCount(), tensors.byteCount(), dtype);
      } catch (CheckpointException e) {
        // problems() has reported it already
        return new Weights(0, 0, "");
      }
    }
  }
}
