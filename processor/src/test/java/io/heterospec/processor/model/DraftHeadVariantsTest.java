package io.heterospec.processor.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Heads of every published form propose what the reference proposes. */
class DraftHeadVariantsTest {
  private static final int LAYERS = 5;
  private static final int K = 8;
  private static final int[] REDUCED = IntStream.range(0, 16).map(i -> 3 * i + 1).toArray();

  /** A head's fields, and whether it has embeddings of its own. */
  enum Head {
    WITH_THE_TARGETS_EMBEDDINGS(false, c -> {}),
    WITH_ITS_OWN_EMBEDDINGS(true, c -> {}),
    NARROWER_THAN_ITS_TARGET(true, c -> c.put("hidden_size", 24).put("target_hidden_size", 32)),
    OF_THE_WHOLE_VOCABULARY(false, c -> c.put("draft_vocab_size", 61)),
    WITH_NORMALISED_RESIDUAL(false, c -> c.put("norm_before_residual", true)),
    WITH_BIASES(false, c -> c.put("attention_bias", true).put("mlp_bias", true)),
    WITH_STRETCHED_POSITIONS(
        false,
        c ->
            c.putObject("rope_scaling")
                .put("rope_type", "llama3")
                .put("factor", 8)
                .put("low_freq_factor", 1)
                .put("high_freq_factor", 4)
                .put("original_max_position_embeddings", 16));

    private final boolean embedding;
    private final Consumer<ObjectNode> fields;

    Head(boolean embedding, Consumer<ObjectNode> fields) {
      this.embedding = embedding;
      this.fields = fields;
    }
  }

  @TempDir Path directory;

  /** The same head as the speculators library writes it proposes the same. */
  @Test
  void thoseOfTheSpeculatorsLibraryAreReadAsTheyAre() throws IOException {
    RandomCheckpoint target = RandomCheckpoint.target(3, c -> {});
    RandomCheckpoint head =
        RandomCheckpoint.head(4, true, c -> c.put("norm_before_residual", true));
    Path targetFiles = target.write(directory.resolve("target"), null);
    Proposed expected = propose(targetFiles, head.write(directory.resolve("head"), REDUCED));
    Path converted = head.asSpeculator(List.of(2, 2, 2)).write(directory.resolve("s"), REDUCED);
    assertThat(propose(targetFiles, converted)).isEqualTo(expected);
    assertThatThrownBy(
            () ->
                propose(
                    targetFiles,
                    head.asSpeculator(List.of(1, 2, 3)).write(directory.resolve("o"), REDUCED)))
        .hasMessageContaining("eagle_aux_hidden_state_layer_ids = [1, 2, 3] is not supported");
  }

  private record Proposed(List<Float> logProbs, List<Integer> tokens) {}

  private static Proposed propose(Path target, Path head) {
    int[] ids = new Random(8).ints(20, 0, 61).toArray();
    try (TorchDevice device = TorchDevice.open("cpu", 1);
        TargetCheckpoint openTarget = TargetCheckpoint.open(target);
        DraftCheckpoint openHead = DraftCheckpoint.open(head, openTarget.config());
        TargetModel model =
            TargetModel.load(device, Arithmetic.choose(device, Dtype.FP32), openTarget, true);
        DraftHead draft =
            DraftHead.load(device, Arithmetic.choose(device, Dtype.FP32), openHead, model);
        KvCache cache = model.newCache(64);
        KvCache headCache = draft.newCache(64);
        Features features = model.prefill(ids, 0, ids.length - 1, cache);
        Proposals proposals =
            draft.extend(
                Batches.context(headCache, ids, 1, ids.length), Batches.all(features), K)) {
      float[] logProbs = new float[K];
      int[] tokens = new int[K];
      proposals.copyRow(0, logProbs, tokens);
      List<Float> values = new ArrayList<>();
      for (float value : logProbs) {
        values.add(value);
      }
      return new Proposed(values, IntStream.of(tokens).boxed().toList());
    }
  }

  @ParameterizedTest
  @EnumSource(Head.class)
  void proposals(Head variant) throws IOException {
    RandomCheckpoint target = RandomCheckpoint.target(3, c -> {});
    RandomCheckpoint head = RandomCheckpoint.head(4, variant.embedding, variant.fields);
    int[] map = head.number("draft_vocab_size") == 61 ? null : REDUCED;
    int[] ids = new Random(8).ints(20, 0, 61).toArray();
    double[] expected = lastRow(target, head, variant.embedding, ids);
    List<Integer> order =
        IntStream.range(0, expected.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -expected[i]))
            .toList();
    Path targetFiles = target.write(directory.resolve("target"), null);
    Path headFiles = head.write(directory.resolve("head"), map);
    Proposed proposed = propose(targetFiles, headFiles);
    for (int i = 0; i < K; i++) {
      int draftId = order.get(i);
      assertThat(proposed.tokens().get(i)).isEqualTo(map == null ? draftId : map[draftId]);
      assertThat((double) proposed.logProbs().get(i)).isCloseTo(expected[draftId], within(2e-4));
    }
  }

  private static double[] lastRow(
      RandomCheckpoint target, RandomCheckpoint head, boolean ownEmbedding, int[] ids) {
    int rows = ids.length - 1;
    int[] positions = IntStream.range(0, rows).toArray();
    int[] next = IntStream.range(1, ids.length).map(i -> ids[i]).toArray();
    int[] seen = IntStream.range(0, rows).map(i -> ids[i]).toArray();
    Reference plainTarget = new Reference(target);
    Reference plainHead = new Reference(head);
    double[][] features =
        plainTarget.target(seen, positions, LAYERS, false, (t, s) -> s <= t).features();
    double[][] embeddings =
        ownEmbedding
            ? plainHead.embed("embed_tokens.weight", next)
            : plainTarget.embed("model.embed_tokens.weight", next);
    double[][] hidden =
        plainHead.head(
            embeddings, plainHead.linear(features, "fc.weight"), positions, (t, s) -> s <= t);
    return plainHead.headLogProbs(hidden)[rows - 1];
  }
}
