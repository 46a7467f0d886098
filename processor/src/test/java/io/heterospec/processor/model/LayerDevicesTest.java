package io.heterospec.processor.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.LoadProgress;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.LinearKernel;
import io.heterospec.processor.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Layers in several segments compute what they compute in one, bit for bit. Each segment has a
 * device of its own, if only the same processor again.
 */
class LayerDevicesTest {
  private static final int ROWS = 7;
  private static final int[] IDS = new Random(5).ints(40, 0, 61).toArray();

  /** Where a border could go wrong: tables, norms, windows, biases, the output that is shared. */
  enum Family {
    LLAMA(c -> {}),
    LLAMA_TIED(c -> c.put("tie_word_embeddings", true)),
    MISTRAL(c -> c.put("model_type", "mistral").put("sliding_window", 9)),
    QWEN2_WITH_WINDOWS_ABOVE_LAYER_2(
        c ->
            c.put("model_type", "qwen2")
                .put("use_sliding_window", true)
                .put("max_window_layers", 2)
                .put("sliding_window", 11)),
    QWEN3(c -> c.put("model_type", "qwen3").put("head_dim", 12));

    private final Consumer<ObjectNode> fields;

    Family(Consumer<ObjectNode> fields) {
      this.fields = fields;
    }
  }

  @TempDir Path directory;
  private final List<TorchDevice> devices = new ArrayList<>();

  @BeforeEach
  void open() {
    for (int i = 0; i < 3; i++) {
      devices.add(TorchDevice.open("cpu", 1));
    }
  }

  @AfterEach
  void close() {
    devices.forEach(TorchDevice::close);
  }

  private TargetModel load(Path files, Arithmetic arithmetic, int... layers) {
    try (TargetCheckpoint checkpoint = TargetCheckpoint.open(files)) {
      return TargetModel.load(
          LayerDevices.of(devices, layers), arithmetic, checkpoint, true, LoadProgress.NONE);
    }
  }

  private Arithmetic fp32() {
    return Arithmetic.choose(devices.get(0), Dtype.FP32);
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aPassThroughSegmentsIsThatThroughOne(Family family) throws IOException {
    Path files = RandomCheckpoint.target(3, family.fields).write(directory, null);
    for (Arithmetic arithmetic : List.of(fp32(), new Arithmetic(Dtype.FP32, LinearKernel.PLAIN))) {
      try (TargetModel whole = load(files, arithmetic, 5)) {
        Passes expected = Passes.of(whole);
        // The features are taken before layer 2: the first of a segment, then one within.
        for (int[] layers : List.of(new int[] {2, 2, 1}, new int[] {1, 4})) {
          try (TargetModel parts = load(files, arithmetic, layers)) {
            Passes actual = Passes.of(parts);
            assertThat(actual.logits()).isEqualTo(expected.logits());
            assertThat(actual.features()).isEqualTo(expected.features());
            assertThat(actual.greedy()).isEqualTo(expected.greedy());
            assertThat(actual.sampled()).isEqualTo(expected.sampled());
            assertThat(actual.mixed()).isEqualTo(expected.mixed());
            assertThat(actual.next()).isEqualTo(expected.next());
            assertThat(actual.scores()).isEqualTo(expected.scores());
          }
        }
      }
    }
  }

  /** What a model makes of two contexts in caches of different sizes. */
  private record Passes(
      float[] logits,
      float[] features,
      long[] greedy,
      long[] sampled,
      long[] mixed,
      float[] next,
      float[] scores) {

    static Passes of(TargetModel model) {
      KvCache small = model.newCache(60);
      KvCache large = model.newCache(100);
      float[] logits = model.logits(IDS, 0, 20, small);
      float[] features;
      try (Features taken = model.prefill(IDS, 5, 35, large)) {
        features = taken.toFloats();
      }
      Sampling warm = new Sampling(0.9, 10, 0.95);
      long[] uniform = new Random(8).longs(2 * ROWS, 0, 1L << 53).toArray();
      long[] greedy = verify(model, small, large, List.of(Sampling.GREEDY, Sampling.GREEDY));
      long[] sampled = verify(model, small, large, List.of(warm, warm), uniform);
      long[] mixed = verify(model, small, large, List.of(Sampling.GREEDY, warm), uniform);
      int[] kept = {0, 2, 3, 6};
      KvCache.keep(List.of(new KvCache.Kept(small, kept, 4), new KvCache.Kept(large, kept, 3)));
      float[] next = model.logits(IDS, 12, 13, small);
      float[] scores = model.score(IDS, 0, 4, new long[] {1, 2, 3, 4}, 5, large);
      return new Passes(logits, features, greedy, sampled, mixed, next, scores);
    }

    private static long[] verify(
        TargetModel model, KvCache small, KvCache large, List<Sampling> how, long... uniform) {
      RowBatch batch = new RowBatch();
      for (KvCache cache : List.of(small, large)) {
        int start = batch.start(batch.add(cache, ROWS));
        for (int row = 0; row < ROWS; row++) {
          batch.set(start + row, IDS[row], cache.length() + row);
        }
      }
      Choices choices = new Choices();
      for (int row = 0; row < batch.rows(); row++) {
        Sampling sampling = how.get(row / ROWS);
        choices.add(row, sampling, sampling.isGreedy() ? 0 : uniform[row]);
      }
      TargetModel.Pass pass = model.verify(batch, choices);
      pass.features().close();
      return pass.tokens();
    }
  }

  @Test
  void rowsOfOnePlacementAreRowsOfAnother() throws IOException {
    Path files = RandomCheckpoint.target(3, c -> {}).write(directory, null);
    try (TargetModel whole = load(files, fp32(), 5);
        TargetModel parts = load(files, fp32(), 2, 1, 2)) {
      KvCache from = whole.newCache(64);
      whole.prefill(IDS, 0, 20, from).close();
      KvCache into = parts.newCache(64);
      try (KvSnapshot snapshot = from.snapshot(20)) {
        into.append(snapshot.read(0, 12), 12, 12);
        into.append(snapshot.read(12, 8), 8, 6);
      }
      try (KvSnapshot snapshot = into.snapshot(18);
          KvSnapshot original = from.snapshot(18)) {
        assertThat(snapshot.read(0, 18)).isEqualTo(original.read(0, 18));
        KvCache again = parts.newCache(64);
        again.append(snapshot, 18);
        from.truncate(18);
        assertThat(parts.logits(IDS, 18, 19, again)).isEqualTo(whole.logits(IDS, 18, 19, from));
      }
    }
  }

  @Test
  void poolsGrowAndShrinkOnAllDevices() throws IOException {
    Path files = RandomCheckpoint.target(3, c -> {}).write(directory, null);
    try (TargetModel parts = load(files, fp32(), 2, 3)) {
      KvMemory memory = parts.memory();
      KvCache first = memory.open(64);
      KvCache last = memory.open(64);
      parts.prefill(IDS, 0, 20, last).close();
      float[] expected = parts.logits(IDS, 20, 21, last);
      last.truncate(20);
      memory.open(64);
      first.close();
      memory.trim();
      assertThat(memory.bytes()).isEqualTo(2 * memory.bytesFor(64));
      assertThat(parts.logits(IDS, 20, 21, last)).isEqualTo(expected);
    }
  }

  @Test
  void aHeadOnTheLastDeviceProposesTheSame() throws IOException {
    Path target = RandomCheckpoint.target(3, c -> {}).write(directory.resolve("t"), null);
    int[] map = {0, 5, 9, 14, 16, 21, 24, 29, 33, 38, 40, 44, 48, 52, 56, 60};
    Path head = RandomCheckpoint.head(7, false, c -> {}).write(directory.resolve("h"), map);
    try (TargetModel whole = load(target, fp32(), 5);
        TargetModel parts = load(target, fp32(), 2, 3)) {
      assertThat(proposals(target, head, parts, devices.get(1)))
          .isEqualTo(proposals(target, head, whole, devices.get(0)));
    }
  }

  private float[] proposals(Path target, Path head, TargetModel model, TorchDevice device)
      throws IOException {
    try (TargetCheckpoint targetFiles = TargetCheckpoint.open(target);
        DraftCheckpoint headFiles = DraftCheckpoint.open(head, targetFiles.config());
        DraftHead draft = DraftHead.load(device, fp32(), headFiles, model);
        Features features = model.prefill(IDS, 0, 20, model.newCache(64));
        Proposals proposals =
            draft.extend(
                Batches.context(draft.newCache(64), IDS, 1, 21), Batches.all(features), 4)) {
      return proposals.top();
    }
  }

  @Test
  void aSegmentWithoutLayersIsRefused() {
    assertThatThrownBy(() -> LayerDevices.of(devices, new int[] {3, 0}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs a layer");
  }
}
