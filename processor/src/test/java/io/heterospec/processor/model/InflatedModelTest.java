package io.heterospec.processor.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.Inflation;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.LinearKernel;
import io.heterospec.processor.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** An inflated pair computes what the original computes. */
class InflatedModelTest {
  private static final int HIDDEN = 32;
  private static final int VOCABULARY = 61;
  private static final int K = 3;
  private static final int LEVELS = 3;
  private static final int[] MAP = {0, 2, 3, 5, 8, 13, 14, 20, 21, 22, 30, 34, 40, 41, 55, 60};
  private static final double TOLERANCE = 1e-5;
  // Not packed: this is about what is computed, whatever a processor makes of odd sizes.
  private static final Arithmetic ARITHMETIC = new Arithmetic(Dtype.FP32, LinearKernel.PLAIN);

  @TempDir Path directory;

  /** What a pair computes from the same tokens. */
  private record Computed(
      float[] logits,
      float[] features,
      List<float[]> logProbs,
      List<int[]> tokens,
      float[] hidden) {}

  @ParameterizedTest(
      name = "{0} of {1} layers, {2} times as wide, {3} heads, {4} kv heads, tied {5}")
  @CsvSource({
    "6, 6, 1, 4, 2, true",
    "6, 6, 2, 4, 2, false",
    "6, 7, 2, 4, 4, false",
    "6, 13, 3, 4, 2, true",
    "8, 9, 4, 4, 1, true",
    "8, 17, 2, 6, 2, false",
    "9, 24, 1, 2, 1, true",
    "5, 6, 3, 2, 2, false",
    "4, 4, 4, 4, 2, true",
    "4, 6, 2, 4, 2, true"
  })
  void aLargerPairComputesTheSame(
      int layers, int deeper, int width, int heads, int kvHeads, boolean tied) throws IOException {
    Path target =
        RandomCheckpoint.target(layers + width, layers, heads, kvHeads, 8, tied)
            .write(directory.resolve("small-target"), null);
    Path head =
        RandomCheckpoint.head(deeper, heads, kvHeads, 8, MAP.length)
            .write(directory.resolve("small-draft"), MAP);
    assertLargerIsSame(target, head, width, deeper);
  }

  /** What a layer may have beyond Llama's; a head's biases in turn. */
  enum Variant {
    BIASES(c -> c.put("attention_bias", true).put("mlp_bias", true)),
    MISTRAL(c -> c.put("model_type", "mistral").put("sliding_window", 5)),
    QWEN2(c -> c.put("model_type", "qwen2")),
    QWEN2_WITH_WINDOWS_ABOVE_LAYER_3(
        c ->
            c.put("model_type", "qwen2")
                .put("use_sliding_window", true)
                .put("max_window_layers", 3)
                .put("sliding_window", 4)),
    QWEN2_WITH_LISTED_WINDOWS(
        c -> {
          c.put("model_type", "qwen2")
              .put("use_sliding_window", true)
              .put("max_window_layers", 1)
              .put("sliding_window", 4);
          ArrayNode types = c.putArray("layer_types");
          for (int layer = 0; layer < 5; layer++) {
            types.add(layer % 2 == 0 ? "full_attention" : "sliding_attention");
          }
        }),
    QWEN3(c -> c.put("model_type", "qwen3").put("head_dim", 12).put("rms_norm_eps", 1e-2)),
    QWEN3_WITH_BIASES(c -> c.put("model_type", "qwen3").put("attention_bias", true));

    private final Consumer<ObjectNode> fields;

    Variant(Consumer<ObjectNode> fields) {
      this.fields = fields;
    }
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  void soDoesOneOfAnyFamily(Variant variant) throws IOException {
    Path target =
        RandomCheckpoint.target(17, variant.fields).write(directory.resolve("small-target"), null);
    boolean biased = variant.ordinal() % 2 == 0;
    Path head =
        RandomCheckpoint.head(
                18, false, c -> c.put("attention_bias", biased).put("mlp_bias", biased))
            .write(directory.resolve("small-draft"), MAP);
    assertLargerIsSame(target, head, 2, 9); // norms in F32
    assertLargerIsSame(target, head, 4, 6); // halved as they are
  }

  private void assertLargerIsSame(Path target, Path head, int width, int deeper)
      throws IOException {
    Path out = directory.resolve("large-" + width);
    Inflation.plan(target, head, width, deeper).write(out, () -> {});

    Computed small = compute(target, head);
    Computed large = compute(out.resolve("target"), out.resolve("draft"));

    assertSame(small.logits(), VOCABULARY, large.logits(), VOCABULARY);
    assertSame(small.features(), HIDDEN, large.features(), width * HIDDEN);
    assertSame(small.hidden(), HIDDEN, large.hidden(), width * HIDDEN);
    for (int level = 0; level < LEVELS; level++) {
      assertThat(large.tokens().get(level)).isEqualTo(small.tokens().get(level));
      assertThat(large.logProbs().get(level))
          .containsExactly(small.logProbs().get(level), within((float) TOLERANCE));
    }
  }

  // Rows are the same but for zeros at their end; a difference counts relative to the whole.
  private static void assertSame(float[] small, int columns, float[] large, int largeColumns) {
    assertThat(small.length % columns).isZero();
    int rows = small.length / columns;
    assertThat(large).hasSize(rows * largeColumns);
    double scale = 0;
    for (float value : small) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < largeColumns; i++) {
        double expected = i < columns ? small[row * columns + i] : 0;
        assertThat(Math.abs(large[row * largeColumns + i] - expected) / scale)
            .as("row %d, column %d", row, i)
            .isLessThanOrEqualTo(i < columns ? TOLERANCE : 0);
      }
    }
  }

  private static Computed compute(Path target, Path head) {
    int[] ids = new Random(5).ints(14, 0, VOCABULARY).toArray();
    int rows = ids.length - 1;
    try (TorchDevice device = TorchDevice.open("cpu", 1);
        TargetCheckpoint targetFiles = TargetCheckpoint.open(target);
        DraftCheckpoint headFiles = DraftCheckpoint.open(head, targetFiles.config());
        TargetModel model = TargetModel.load(device, ARITHMETIC, targetFiles, true);
        DraftHead draft = DraftHead.load(device, ARITHMETIC, headFiles, model);
        KvCache logitsCache = model.newCache(64);
        KvCache cache = model.newCache(64);
        KvCache headCache = draft.newCache(64);
        Features features = model.prefill(ids, 0, rows, cache)) {
      float[] logits = model.logits(ids, 0, ids.length, logitsCache);
      List<float[]> logProbs = new ArrayList<>();
      List<int[]> tokens = new ArrayList<>();
      Proposals proposals =
          draft.extend(Batches.context(headCache, ids, 1, rows + 1), Batches.all(features), K);
      float[] hidden = proposals.hidden().toFloats();
      add(proposals, logProbs, tokens);
      for (int level = 1; level < LEVELS; level++) {
        // A chain of the best tokens: each level is one node that sees all above it.
        RowBatch batch = new RowBatch();
        batch.add(headCache, 1, level);
        batch.set(0, tokens.get(level - 1)[0], rows + level - 1);
        batch.setParent(0, 0);
        Arrays.fill(batch.masks(), 0, level, 0);
        Proposals next = draft.level(batch, proposals.hidden(), K);
        proposals.close();
        proposals = next;
        add(proposals, logProbs, tokens);
      }
      proposals.close();
      return new Computed(logits, features.toFloats(), logProbs, tokens, hidden);
    }
  }

  private static void add(Proposals proposals, List<float[]> logProbs, List<int[]> tokens) {
    float[] values = new float[K];
    int[] ids = new int[K];
    proposals.copyRow(0, values, ids);
    logProbs.add(values);
    tokens.add(ids);
  }
}
