package io.heterospec.processor.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.LoadProgress;
import io.heterospec.processor.checkpoint.TensorType;
import io.heterospec.processor.checkpoint.WeightFormat;
import io.heterospec.processor.engine.BlockingGeneration;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.engine.SamplingParams;
import io.heterospec.processor.engine.TestCosts;
import io.heterospec.processor.engine.TokenScore;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.tree.TreeShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every field that changes the maths and every format of weights: from files to scores and tokens,
 * against the double-precision reference.
 */
class ArchitectureTest {
  private static final int VOCABULARY = 61;
  private static final int TOKENS = 30;
  private static final int[] MAP =
      IntStream.range(0, 16).map(i -> 4 * i - i % 3).map(Math::abs).toArray();
  private static final long MAP_BYTES = MAP.length * Long.BYTES + VOCABULARY; // d2t and t2d
  private static final double TOLERANCE = 1e-4;

  /** A target's fields, and how it and its head are kept. */
  enum Model {
    LLAMA(WeightFormat.SAFETENSORS, TensorType.F32, c -> {}),
    LLAMA_TIED(
        WeightFormat.SHARDED_SAFETENSORS,
        TensorType.F32,
        c -> c.put("tie_word_embeddings", true).put("head_dim", 10)),
    LLAMA_WITH_BIASES(
        WeightFormat.PICKLED,
        TensorType.F32,
        c -> c.put("attention_bias", true).put("mlp_bias", true)),
    LLAMA_OF_OTHER_BASE_AND_EPSILON(
        WeightFormat.SHARDED_PICKLED,
        TensorType.F16,
        c -> c.put("rope_theta", 500000.0).put("rms_norm_eps", 1e-3)),
    LLAMA_STRETCHED_AS_LLAMA3(
        WeightFormat.SHARDED_PICKLED,
        TensorType.BF16,
        c ->
            scaling(c, "llama3", 8)
                .put("low_freq_factor", 1.0)
                .put("high_freq_factor", 4.0)
                .put("original_max_position_embeddings", 32)),
    LLAMA_STRETCHED_LINEARLY(
        WeightFormat.SAFETENSORS, TensorType.F16, c -> scaling(c, "linear", 4)),
    LLAMA_STRETCHED_DYNAMICALLY(
        WeightFormat.SAFETENSORS, TensorType.F32, c -> scaling(c, "dynamic", 4)),
    LLAMA_STRETCHED_AS_YARN(
        WeightFormat.PICKLED,
        TensorType.BF16,
        c -> scaling(c, "yarn", 4).put("original_max_position_embeddings", 64)),
    LLAMA_STRETCHED_AS_YARN_WITH_OWN_MAGNITUDE(
        WeightFormat.SAFETENSORS,
        TensorType.F32,
        c ->
            scaling(c, "yarn", 4)
                .put("original_max_position_embeddings", 64)
                .put("beta_fast", 16)
                .put("beta_slow", 2)
                .put("mscale", 2.0)
                .put("mscale_all_dim", 0.5)),
    MISTRAL(
        WeightFormat.SHARDED_SAFETENSORS,
        TensorType.BF16,
        c -> c.put("model_type", "mistral").put("sliding_window", 9)),
    MISTRAL_WITH_A_WINDOW_SHORTER_THAN_A_TREE(
        WeightFormat.SAFETENSORS,
        TensorType.F32,
        c -> c.put("model_type", "mistral").put("sliding_window", 3)),
    QWEN2(WeightFormat.SHARDED_PICKLED, TensorType.F32, c -> c.put("model_type", "qwen2")),
    QWEN2_WITH_WINDOWS_ABOVE_LAYER_2(
        WeightFormat.SAFETENSORS,
        TensorType.F32,
        c ->
            c.put("model_type", "qwen2")
                .put("use_sliding_window", true)
                .put("max_window_layers", 2)
                .put("sliding_window", 11)),
    QWEN3(
        WeightFormat.SAFETENSORS,
        TensorType.BF16,
        c -> c.put("model_type", "qwen3").put("head_dim", 12).put("tie_word_embeddings", true)),
    QWEN3_WITH_BIASES(
        WeightFormat.PICKLED,
        TensorType.F16,
        c -> c.put("model_type", "qwen3").put("attention_bias", true));

    private final WeightFormat format;
    private final TensorType type;
    private final Consumer<ObjectNode> fields;

    Model(WeightFormat format, TensorType type, Consumer<ObjectNode> fields) {
      this.format = format;
      this.type = type;
      this.fields = fields;
    }

    private static ObjectNode scaling(ObjectNode config, String type, double factor) {
      return config.putObject("rope_scaling").put("rope_type", type).put("factor", factor);
    }

    /** The head's files are in the other form, so that the two need not agree. */
    WeightFormat headFormat() {
      return format == WeightFormat.PICKLED ? WeightFormat.SAFETENSORS : WeightFormat.PICKLED;
    }
  }

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(Model.class)
  void scoresAreTheReferencesAndSpeculationChangesNothing(Model model) throws IOException {
    RandomCheckpoint target = RandomCheckpoint.target(model.ordinal() + 40, model.fields);
    Path targetFiles =
        target.write(directory.resolve("target"), null, model.format, model.type, 20_000);
    Path headFiles =
        RandomCheckpoint.head(7, false, c -> {})
            .write(directory.resolve("head"), MAP, model.headFormat(), model.type, 20_000);
    int[] ids = new Random(model.ordinal()).ints(45, 0, VOCABULARY).toArray();
    double[][] expected = logProbabilities(target, ids);
    CountedBytes progress = new CountedBytes();
    EngineOptions options = options(targetFiles, headFiles).withProgress(progress);
    try (TorchEngine engine = TorchEngine.open(options)) {
      assertThat(progress.total).isPositive();
      assertThat(progress.read).isGreaterThanOrEqualTo(progress.total - MAP_BYTES);
      List<TokenScore> scores = engine.score(ids, VOCABULARY);
      for (int t = 0; t < ids.length; t++) {
        double scale = Arrays.stream(expected[t]).map(Math::abs).max().orElseThrow();
        for (TokenScore.Candidate candidate : scores.get(t).top()) {
          double off = Math.abs(candidate.logprob() - expected[t][candidate.id()]) / scale;
          assertThat(off).as("token %d after position %d", candidate.id(), t).isLessThan(TOLERANCE);
        }
      }
      // Lengths of several cache pools, so that rows and slots need padding.
      List<int[]> prompts =
          Stream.of(45, 7, 20, 1).map(length -> Arrays.copyOf(ids, length)).toList();
      List<int[]> plain =
          prompts.stream().flatMap(each -> together(engine, List.of(each), "vanilla")).toList();
      assertThat(plain).allMatch(tokens -> tokens.length == TOKENS);
      for (String mode : List.of("heterospec", "budgeted")) {
        assertThat(together(engine, prompts, mode)).as(mode).containsExactlyElementsOf(plain);
      }
    }
    assertFormat(targetFiles, model.format);
  }

  /** What loading told. */
  private static final class CountedBytes implements LoadProgress {
    private long total;
    private long read;

    @Override
    public void start(long bytes) {
      total = bytes;
    }

    @Override
    public void read(long bytes) {
      read += bytes;
    }
  }

  private static EngineOptions options(Path target, Path head) {
    return EngineOptions.of(target, head)
        .withDtype(Dtype.FP32)
        .withThreads(1)
        .withPrefillChunk(16)
        .withShape(new TreeShape(6, 5, 20))
        .withCosts(TestCosts.cheap());
  }

  private static double[][] logProbabilities(RandomCheckpoint target, int[] ids) {
    int[] positions = IntStream.range(0, ids.length).toArray();
    double[][] logits =
        new Reference(target)
            .target(
                ids,
                positions,
                target.number("num_hidden_layers"),
                target.config.path("tie_word_embeddings").asBoolean(),
                (t, s) -> s <= t)
            .logits();
    for (double[] row : logits) {
      double log = Math.log(Arrays.stream(row).map(Math::exp).sum());
      Arrays.setAll(row, i -> row[i] - log);
    }
    return logits;
  }

  private static Stream<int[]> together(TorchEngine engine, List<int[]> prompts, String mode) {
    SamplingParams sampling = new SamplingParams(TOKENS, 0, 0, 1, 0, List.of(), true);
    return IntStream.range(0, prompts.size())
        .mapToObj(
            i ->
                BlockingGeneration.start(
                    engine,
                    new GenerationRequest(
                        "p" + i,
                        prompts.get(i),
                        new int[0],
                        sampling,
                        mode,
                        0,
                        Long.MAX_VALUE,
                        false),
                    step -> {}))
        .toList()
        .stream()
        .map(end -> end.join().tokenIds());
  }

  private static void assertFormat(Path directory, WeightFormat format) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      long weights =
          files
              .map(file -> file.getFileName().toString())
              .filter(
                  name ->
                      name.endsWith(format.name().contains("PICKLED") ? ".bin" : ".safetensors"))
              .count();
      assertThat(weights > 1).isEqualTo(format.name().contains("SHARDED"));
    }
  }
}
