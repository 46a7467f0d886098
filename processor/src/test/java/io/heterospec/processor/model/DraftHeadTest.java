package io.heterospec.processor.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.TorchDevice;
import io.heterospec.processor.tree.DraftTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The draft head against an independent double-precision computation. */
class DraftHeadTest {
  private static final int LAYERS = 6;
  private static final int K = 3;
  private static final int[] MAP = {0, 2, 3, 5, 8, 13, 14, 20, 21, 22, 30, 34, 40, 41, 55, 60};

  @TempDir Path directory;

  /** The head's own view: context rows, then tree nodes, each with token, hidden row, position. */
  private static final class PlainHead {
    final Reference reference;
    final Reference embeddings;
    final List<Integer> tokens = new ArrayList<>();
    final List<double[]> hidden = new ArrayList<>();
    final List<Integer> positions = new ArrayList<>();
    final List<Integer> parents = new ArrayList<>();
    int context;

    PlainHead(Reference reference, Reference embeddings) {
      this.reference = reference;
      this.embeddings = embeddings;
    }

    int add(int token, double[] row, int position, int parent) {
      tokens.add(token);
      hidden.add(row);
      positions.add(position);
      parents.add(parent);
      return tokens.size() - 1;
    }

    boolean sees(int t, int s) {
      if (s < context || t < context) {
        return s <= t;
      }
      for (int at = t; at >= context; at = parents.get(at)) {
        if (at == s) {
          return true;
        }
      }
      return false;
    }

    double[][] run() {
      int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
      int[] at = positions.stream().mapToInt(Integer::intValue).toArray();
      double[][] rows = hidden.toArray(double[][]::new);
      return reference.head(
          embeddings.embed("model.embed_tokens.weight", ids), rows, at, this::sees);
    }
  }

  @ParameterizedTest(name = "{0} heads, {1} key-value heads, {2} and {3} nodes of further levels")
  @CsvSource({"4,4,3,3", "4,2,3,3", "2,1,3,3", "4,2,1,1", "4,2,2,1"})
  void everyLevelOfATreeAgreesWithTheReference(int heads, int kvHeads, int second, int third)
      throws IOException {
    RandomCheckpoint targetWeights = RandomCheckpoint.target(11, LAYERS, 4, 2, 8, true);
    RandomCheckpoint headWeights = RandomCheckpoint.head(12, heads, kvHeads, 8, MAP.length);
    Path target = targetWeights.write(directory.resolve("target"), null);
    Path head = headWeights.write(directory.resolve("head"), MAP);
    Reference plainTarget = new Reference(targetWeights, Reference.frequencies(8));
    PlainHead plain =
        new PlainHead(new Reference(headWeights, Reference.frequencies(8)), plainTarget);
    int[] ids = new Random(5).ints(14, 0, 61).toArray();
    int rows = ids.length - 1;
    double[][] features =
        plainTarget
            .target(Arrays.copyOf(ids, rows), range(rows), LAYERS, true, (t, s) -> s <= t)
            .features();
    double[][] projected = plain.reference.linear(features, "fc.weight");
    for (int j = 0; j < rows; j++) {
      plain.add(ids[j + 1], projected[j], j, j - 1);
    }
    plain.context = rows;

    try (TorchDevice device = TorchDevice.open("cpu", 1);
        TargetCheckpoint targetFiles = TargetCheckpoint.open(target);
        DraftCheckpoint headFiles = DraftCheckpoint.open(head, targetFiles.config());
        TargetModel model =
            TargetModel.load(device, Arithmetic.choose(device, Dtype.FP32), targetFiles, true);
        DraftHead draft =
            DraftHead.load(device, Arithmetic.choose(device, Dtype.FP32), headFiles, model);
        KvCache cache = model.newCache(64);
        KvCache headCache = draft.newCache(64)) {
      // Context in two parts, as chunked prefill does it.
      try (Features first = model.prefill(ids, 0, 6, cache)) {
        draft.addContext(Batches.context(headCache, ids, 1, 7), Batches.all(first));
      }
      Proposals proposals;
      try (Features rest = model.prefill(ids, 6, rows, cache)) {
        proposals =
            draft.extend(Batches.context(headCache, ids, 7, rows + 1), Batches.all(rest), K);
      }
      compareTree(plain, draft, headCache, proposals, rows, new int[] {K, second, third});
    }
  }

  private static void compareTree(
      PlainHead plain,
      DraftHead draft,
      KvCache cache,
      Proposals first,
      int rootPosition,
      int[] widths) {
    DraftTree tree = new DraftTree();
    tree.reset(K);
    double[][] output = plain.run();
    expand(tree, DraftTree.ROOT, first, 0, plain, output[rootPosition - 1]);
    Proposals above = first;
    int[] plainRow = new int[1000]; // row of the plain head of each draft KV slot
    for (int depth = 1; depth <= widths.length; depth++) {
      int aboveStart = tree.slots() - tree.frontierSize();
      tree.selectFrontier(widths[depth - 1]);
      int count = tree.frontierSize();
      RowBatch batch = new RowBatch();
      batch.add(cache, count, tree.slots());
      for (int i = 0; i < count; i++) {
        int node = tree.frontier(i);
        int parent = tree.parent(node);
        int parentRow = parent == DraftTree.ROOT ? rootPosition - 1 : plainRow[tree.slot(parent)];
        batch.set(i, tree.token(node), rootPosition + depth - 1);
        batch.setParent(i, parent == DraftTree.ROOT ? 0 : tree.slot(parent) - aboveStart);
        plainRow[tree.slot(node)] =
            plain.add(tree.token(node), output[parentRow], rootPosition + depth - 1, parentRow);
      }
      tree.writeFrontierMask(batch.masks());
      Proposals next = draft.level(batch, above.hidden(), K);
      output = plain.run();
      for (int i = 0; i < count; i++) {
        int node = tree.frontier(i);
        expand(tree, node, next, i, plain, output[plainRow[tree.slot(node)]]);
      }
      above.close();
      above = next;
    }
    above.close();
    assertThat(cache.length()).isEqualTo(rootPosition);
  }

  private static void expand(
      DraftTree tree, int node, Proposals proposals, int row, PlainHead plain, double[] hidden) {
    float[] logProbs = new float[K];
    int[] tokens = new int[K];
    proposals.copyRow(row, logProbs, tokens);
    double[] expected = plain.reference.headLogProbs(new double[][] {hidden})[0];
    Integer[] order = new Integer[MAP.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(i -> -expected[i]));
    for (int i = 0; i < K; i++) {
      assertThat(tokens[i]).isEqualTo(MAP[order[i]]);
      assertThat((double) logProbs[i]).isCloseTo(expected[order[i]], within(2e-4));
    }
    tree.expand(node, logProbs, tokens, 0, K);
  }

  private static int[] range(int count) {
    int[] positions = new int[count];
    Arrays.setAll(positions, i -> i);
    return positions;
  }

  @Test
  void aCacheRefusesMoreRowsThanItHolds() throws IOException {
    Path target =
        RandomCheckpoint.target(1, 4, 2, 1, 8, true).write(directory.resolve("target"), null);
    try (TorchDevice device = TorchDevice.open("cpu", 1);
        TargetCheckpoint files = TargetCheckpoint.open(target);
        TargetModel model =
            TargetModel.load(device, Arithmetic.choose(device, Dtype.FP32), files, false);
        KvCache cache = model.newCache(10)) {
      assertThat(cache.capacity()).isEqualTo(KvMemory.BLOCK_ROWS);
      assertThatThrownBy(() -> model.prefill(new int[65], 0, 65, cache))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("do not fit");
    }
  }
}
