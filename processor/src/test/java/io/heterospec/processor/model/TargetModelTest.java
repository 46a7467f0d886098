package io.heterospec.processor.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.LinearKernel;
import io.heterospec.processor.torch.TorchDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The target against an independent double-precision computation. */
class TargetModelTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir Path directory;
  private TorchDevice device;

  @BeforeEach
  void open() {
    device = TorchDevice.open("cpu", 1);
  }

  @AfterEach
  void close() {
    device.close();
  }

  private TargetModel load(Path checkpoint, boolean taps) {
    try (TargetCheckpoint target = TargetCheckpoint.open(checkpoint)) {
      return TargetModel.load(device, Arithmetic.choose(device, Dtype.FP32), target, taps);
    }
  }

  private static int[] randomIds(Random random, int count) {
    return random.ints(count, 0, 61).toArray();
  }

  private static int[] range(int count) {
    int[] positions = new int[count];
    Arrays.setAll(positions, i -> i);
    return positions;
  }

  /** Largest difference relative to the largest value of the row. */
  static double difference(double[][] expected, float[] actual) {
    double worst = 0;
    int at = 0;
    for (double[] row : expected) {
      double scale = Arrays.stream(row).map(Math::abs).max().orElseThrow();
      for (double value : row) {
        worst = Math.max(worst, Math.abs(value - actual[at++]) / scale);
      }
    }
    assertThat(at).isEqualTo(actual.length);
    return worst;
  }

  @ParameterizedTest(name = "{0} layers, {1} heads of {3}, {2} key-value heads, tied {4}")
  @CsvSource({"2,4,4,8,false", "5,4,2,8,true", "8,4,1,16,false", "4,2,1,8,true"})
  void logitsAndFeaturesAgreeWithTheReference(
      int layers, int heads, int kvHeads, int headDim, boolean tied) throws IOException {
    RandomCheckpoint checkpoint =
        RandomCheckpoint.target(layers, layers, heads, kvHeads, headDim, tied);
    boolean taps = layers >= 4;
    int[] ids = randomIds(new Random(1), 23);
    Reference reference = new Reference(checkpoint, Reference.frequencies(headDim));
    Reference.Output expected =
        reference.target(ids, range(ids.length), layers, tied, (t, s) -> s <= t);
    try (TargetModel target = load(checkpoint.write(directory, null), taps);
        KvCache cache = target.newCache(64);
        KvCache second = target.newCache(64)) {
      assertThat(difference(expected.logits(), target.logits(ids, 0, ids.length, cache)))
          .isLessThan(TOLERANCE);
      if (taps) {
        try (var features = target.prefill(ids, 0, ids.length, second)) {
          assertThat(difference(expected.features(), features.toFloats())).isLessThan(TOLERANCE);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void productsOnWeightsAsTheyAreAgreeTooWhereTheOutputIsTheEmbedding(boolean tied)
      throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.target(9, 2, 4, 2, 8, tied);
    int[] ids = randomIds(new Random(9), 12);
    double[][] expected =
        new Reference(checkpoint, Reference.frequencies(8))
            .target(ids, range(12), 2, tied, (t, s) -> s <= t)
            .logits();
    Arithmetic plain = new Arithmetic(Dtype.FP32, LinearKernel.PLAIN);
    try (TargetCheckpoint files = TargetCheckpoint.open(checkpoint.write(directory, null));
        TargetModel target = TargetModel.load(device, plain, files, false);
        KvCache cache = target.newCache(64)) {
      assertThat(difference(expected, target.logits(ids, 0, 12, cache))).isLessThan(TOLERANCE);
    }
  }

  @Test
  void rotaryScalingOfTypeLlama3StretchesLowFrequencies() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.target(3, 2, 4, 2, 16, true);
    checkpoint
        .config
        .putObject("rope_scaling")
        .put("rope_type", "llama3")
        .put("factor", 4.0)
        .put("low_freq_factor", 1.0)
        .put("high_freq_factor", 4.0)
        .put("original_max_position_embeddings", 64);
    double[] inverse = Reference.frequencies(16);
    for (int i = 0; i < inverse.length; i++) {
      double wavelength = 2 * Math.PI / inverse[i];
      double smooth = Math.max(0, Math.min(1, (64 / wavelength - 1) / (4 - 1)));
      inverse[i] = (1 - smooth) * inverse[i] / 4 + smooth * inverse[i];
    }
    int[] ids = randomIds(new Random(2), 40);
    double[][] expected =
        new Reference(checkpoint, inverse)
            .target(ids, range(40), 2, true, (t, s) -> s <= t)
            .logits();
    try (TargetModel target = load(checkpoint.write(directory, null), false);
        KvCache cache = target.newCache(64)) {
      assertThat(difference(expected, target.logits(ids, 0, 40, cache))).isLessThan(TOLERANCE);
    }
  }

  @Test
  void prefillInChunksEqualsPrefillAtOnce() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.target(4, 3, 4, 2, 8, false);
    int[] ids = randomIds(new Random(3), 30);
    try (TargetModel target = load(checkpoint.write(directory, null), false);
        KvCache whole = target.newCache(64);
        KvCache chunked = target.newCache(64)) {
      float[] expected = target.logits(ids, 0, 30, whole);
      target.prefill(ids, 0, 7, chunked).close();
      target.prefill(ids, 7, 20, chunked).close();
      float[] last = target.logits(ids, 20, 30, chunked);
      assertThat(last)
          .containsExactly(Arrays.copyOfRange(expected, 20 * 61, 30 * 61), within(1e-4f));
    }
  }

  @Test
  void aTreePassSeesTheContextAndEachNodesAncestorsOnly() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.target(5, 4, 4, 2, 8, true);
    Reference reference = new Reference(checkpoint, Reference.frequencies(8));
    try (TargetModel target = load(checkpoint.write(directory, null), true)) {
      for (int round = 0; round < 5; round++) {
        RandomTree tree = RandomTree.of(new Random(round), 9, 12);
        int[] all = tree.ids();
        double[][] expected = reference.target(all, tree.positions(), 4, true, tree::sees).logits();
        try (KvCache cache = target.newCache(64)) {
          target.prefill(all, 0, tree.context(), cache).close();
          float[] actual = target.logits(Batches.of(cache, tree.rows(), tree.mask(), tree.size()));
          double[][] rows = Arrays.copyOfRange(expected, tree.context(), all.length);
          assertThat(difference(rows, actual)).isLessThan(TOLERANCE);
        }
      }
    }
  }

  @Test
  void sequencesThatShareAPassDoNotSeeEachOther() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.target(5, 4, 4, 2, 8, true);
    Reference reference = new Reference(checkpoint, Reference.frequencies(8));
    try (TargetModel target = load(checkpoint.write(directory, null), true);
        KvCache first = target.newCache(64);
        KvCache second = target.newCache(200);
        KvCache third = target.newCache(64);
        KvCache unused = target.newCache(64);
        KvCache fourth = target.newCache(64);
        KvCache fifth = target.newCache(100)) {
      // Three pools, the first in the batch with a single row, one with a slot left out.
      KvCache[] caches = {second, fourth, first, fifth, third};
      RandomTree[] trees = {
        RandomTree.of(new Random(2), 3, 1),
        RandomTree.of(new Random(1), 9, 12),
        RandomTree.of(new Random(3), 20, 5),
        RandomTree.of(new Random(4), 11, 7),
        RandomTree.of(new Random(5), 6, 1)
      };
      assertThat(unused.length()).isZero();
      RowBatch batch = new RowBatch();
      List<double[]> expected = new ArrayList<>();
      for (int i = 0; i < trees.length; i++) {
        expected.addAll(addTree(batch, target, caches[i], trees[i], reference));
      }
      assertThat(difference(expected.toArray(double[][]::new), target.logits(batch)))
          .isLessThan(TOLERANCE);
    }
  }

  // Adds a tree whose context is in the cache then; the logits expected of its rows.
  private static List<double[]> addTree(
      RowBatch batch, TargetModel target, KvCache cache, RandomTree tree, Reference reference) {
    target.prefill(tree.ids(), 0, tree.context(), cache).close();
    Batches.add(batch, cache, tree.rows(), tree.mask(), tree.size());
    double[][] all = reference.target(tree.ids(), tree.positions(), 4, true, tree::sees).logits();
    return List.of(all).subList(tree.context(), all.length);
  }

  @Test
  void longSequencesAttendApartFromShortOnesInsteadOfPaddingThem() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.target(5, 4, 4, 2, 8, true);
    Reference reference = new Reference(checkpoint, Reference.frequencies(8));
    int[] treeRows = {1, 2, 30, 1, 1};
    int[] parts = {1, 60, 1, 3};
    List<KvCache> caches = new ArrayList<>();
    try (TargetModel target = load(checkpoint.write(directory, null), true)) {
      RowBatch batch = new RowBatch();
      List<double[]> expected = new ArrayList<>();
      for (int i = 0; i < treeRows.length; i++) {
        RandomTree tree = RandomTree.of(new Random(i), 40 + i, treeRows[i]);
        KvCache cache = target.newCache(128);
        caches.add(cache);
        expected.addAll(addTree(batch, target, cache, tree, reference));
      }
      for (int i = 0; i < parts.length; i++) {
        int[] prompt = randomIds(new Random(10 + i), 40 + i + parts[i]);
        KvCache cache = target.newCache(128);
        caches.add(cache);
        target.prefill(prompt, 0, 40 + i, cache).close();
        Batches.addPart(batch, cache, prompt, 40 + i);
        double[][] all =
            reference.target(prompt, range(prompt.length), 4, true, (t, s) -> s <= t).logits();
        expected.addAll(List.of(all).subList(40 + i, all.length));
      }

      float[] actual = target.logits(batch);

      assertThat(difference(expected.toArray(double[][]::new), actual)).isLessThan(TOLERANCE);
      // Trees and parts of prompts, the long ones and the others.
      assertThat(batch.input().layout()[2]).isEqualTo(4);
      caches.forEach(KvCache::close);
    }
  }

  /**
   * What stands beside a tree of {@code rows} rows in the pass: numbers with spare rows or none.
   */
  @ParameterizedTest
  @CsvSource({"1,20", "12,20", "12,21", "33,1", "12,110", "40,200"})
  void partsOfPromptsShareAPassWithTrees(int rows, int part) throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.target(5, 4, 4, 2, 8, true);
    Reference reference = new Reference(checkpoint, Reference.frequencies(8));
    RandomTree tree = RandomTree.of(new Random(6), 9, rows);
    int[] prompt = randomIds(new Random(7), 5 + part);
    Reference.Output ofTree = reference.target(tree.ids(), tree.positions(), 4, true, tree::sees);
    Reference.Output ofPrompt =
        reference.target(prompt, range(prompt.length), 4, true, (t, s) -> s <= t);
    try (TargetModel target = load(checkpoint.write(directory, null), true);
        KvCache first = target.newCache(256);
        KvCache unused = target.newCache(256);
        KvCache second = target.newCache(256)) {
      assertThat(unused.length()).isZero();
      target.prefill(tree.ids(), 0, tree.context(), first).close();
      target.prefill(prompt, 0, 5, second).close();
      RowBatch batch = new RowBatch();
      Batches.add(batch, first, tree.rows(), tree.mask(), rows);
      int start = Batches.addPart(batch, second, prompt, 5);
      Choices choices = Choices.afterEach(rows);
      choices.add(start + part - 1, Sampling.GREEDY, 0);

      TargetModel.Pass pass = target.verify(batch, choices);

      for (int row = 0; row < rows; row++) {
        double[] logits = ofTree.logits()[tree.context() + row];
        assertThat(pass.tokens()[row]).isEqualTo(best(logits));
      }
      assertThat(pass.tokens()).hasSize(rows + 1);
      assertThat(pass.tokens()[rows]).isEqualTo(best(ofPrompt.logits()[prompt.length - 1]));
      List<double[]> features = new ArrayList<>();
      features.addAll(List.of(ofTree.features()).subList(tree.context(), tree.ids().length));
      features.addAll(List.of(ofPrompt.features()).subList(5, prompt.length));
      try (Features actual = pass.features();
          Features ofRows = target.rows(actual, range(batch.rows()))) {
        assertThat(difference(features.toArray(double[][]::new), ofRows.toFloats()))
            .isLessThan(TOLERANCE);
      }
      second.append(part);
      double[][] next =
          reference
              .target(append(prompt, 3), range(prompt.length + 1), 4, true, (t, s) -> s <= t)
              .logits();
      float[] logits = target.logits(append(prompt, 3), prompt.length, prompt.length + 1, second);
      assertThat(difference(new double[][] {next[prompt.length]}, logits)).isLessThan(TOLERANCE);
    }
  }

  private static int best(double[] logits) {
    int best = 0;
    for (int id = 1; id < logits.length; id++) {
      best = logits[id] > logits[best] ? id : best;
    }
    return best;
  }

  private static int[] append(int[] ids, int id) {
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = id;
    return longer;
  }

  @Test
  void acceptedRowsServeAsContextOnceTheOthersAreDropped() throws IOException {
    RandomCheckpoint checkpoint = RandomCheckpoint.target(6, 4, 4, 2, 8, false);
    Reference reference = new Reference(checkpoint, Reference.frequencies(8));
    try (TargetModel target = load(checkpoint.write(directory, null), true)) {
      for (int round = 0; round < 5; round++) {
        Random random = new Random(round);
        RandomTree tree = RandomTree.of(random, 9, 12);
        int[] path = tree.pathTo(tree.deepest());
        int[] following = randomIds(random, 6);
        int[] kept = new int[tree.context() + path.length + following.length];
        System.arraycopy(tree.ids(), 0, kept, 0, tree.context());
        for (int i = 0; i < path.length; i++) {
          kept[tree.context() + i] = tree.ids()[tree.context() + path[i]];
        }
        System.arraycopy(following, 0, kept, kept.length - 6, 6);
        double[][] expected =
            reference.target(kept, range(kept.length), 4, false, (t, s) -> s <= t).logits();
        try (KvCache cache = target.newCache(64)) {
          target.prefill(kept, 0, tree.context(), cache).close();
          target.logits(Batches.of(cache, tree.rows(), tree.mask(), tree.size()));
          KvCache.keep(List.of(new KvCache.Kept(cache, path, path.length)));
          assertThat(cache.length()).isEqualTo(tree.context() + path.length);
          float[] actual = target.logits(kept, cache.length(), kept.length, cache);
          double[][] rows = Arrays.copyOfRange(expected, kept.length - 6, kept.length);
          assertThat(difference(rows, actual)).isLessThan(TOLERANCE);
        }
      }
    }
  }

  @Test
  void logitsAgreeWithAnotherImplementationsGoldenOnes() throws IOException {
    Path fixture = SharedFixtures.optional("paged-infer");
    String tokens =
        Files.readAllLines(fixture.resolve("tiny_llama_meta.txt")).stream()
            .filter(line -> line.startsWith("tokens="))
            .findFirst()
            .orElseThrow();
    int[] ids =
        Arrays.stream(tokens.substring("tokens=".length()).split(","))
            .mapToInt(Integer::parseInt)
            .toArray();
    ByteBuffer golden =
        ByteBuffer.wrap(Files.readAllBytes(fixture.resolve("tiny_llama_golden.bin")))
            .order(ByteOrder.LITTLE_ENDIAN);
    double[][] expected = new double[ids.length][112];
    for (double[] row : expected) {
      Arrays.setAll(row, i -> golden.getFloat());
    }
    try (TargetModel target = load(fixture, false);
        KvCache cache = target.newCache(64)) {
      assertThat(difference(expected, target.logits(ids, 0, ids.length, cache)))
          .isLessThan(TOLERANCE);
    }
  }
}
