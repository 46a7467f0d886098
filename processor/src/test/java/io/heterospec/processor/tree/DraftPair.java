package io.heterospec.processor.tree;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;

/** The product's tree and the plain one, grown together from the same random distributions. */
final class DraftPair {
  final DraftTree tree;
  final PlainTree plain = new PlainTree();
  private final Random random;
  private final Kind kind;
  private final int k;

  /** What the draft head's distributions look like. */
  enum Kind {
    FLAT,
    SHARP,
    /** Whole-number log-probabilities: many exact ties. */
    TIED,
    /** One certain token, the rest impossible. */
    CERTAIN
  }

  DraftPair(DraftTree tree, Kind kind, int k, long seed) {
    this.tree = tree;
    this.kind = kind;
    this.k = k;
    random = new Random(seed);
    tree.reset(k);
    expand(null);
  }

  static DraftPair grown(Kind kind, int k, int depth, long seed) {
    DraftPair pair = new DraftPair(new DraftTree(), kind, k, seed);
    for (int level = 1; level < depth; level++) {
      pair.selectFrontier();
      pair.expandFrontier();
    }
    return pair;
  }

  void selectFrontier() {
    tree.selectFrontier(k);
    plain.selectFrontier(k);
  }

  void expandFrontier() {
    for (PlainTree.Node node : plain.frontier) {
      expand(node);
    }
  }

  private void expand(PlainTree.Node node) {
    int vocabulary = 4 * k;
    float[] logProbs = distribution(vocabulary);
    int[] order =
        IntStream.range(0, vocabulary)
            .boxed()
            .sorted(Comparator.comparingDouble(id -> -logProbs[id]))
            .limit(k)
            .mapToInt(Integer::intValue)
            .toArray();
    float[] top = new float[k];
    int[] tokens = new int[k];
    // Surrounded by values of other rows, as in the head's output.
    float[] rowsOfLogProbs = new float[3 * k];
    int[] rowsOfTokens = new int[3 * k];
    for (int i = 0; i < k; i++) {
      top[i] = logProbs[order[i]];
      tokens[i] = order[i];
      rowsOfLogProbs[k + i] = top[i];
      rowsOfTokens[k + i] = tokens[i];
    }
    plain.expand(node, top, tokens);
    tree.expand(node == null ? DraftTree.ROOT : node.index, rowsOfLogProbs, rowsOfTokens, k, k);
  }

  private float[] distribution(int size) {
    double[] logits = new double[size];
    for (int i = 0; i < size; i++) {
      logits[i] =
          switch (kind) {
            case FLAT -> random.nextGaussian();
            case SHARP -> 6 * random.nextGaussian();
            case TIED -> -1 - random.nextInt(3);
            case CERTAIN -> -200;
          };
    }
    float[] logProbs = new float[size];
    if (kind == Kind.CERTAIN) {
      logits[random.nextInt(size)] = 0;
    }
    boolean exact = kind == Kind.TIED || kind == Kind.CERTAIN;
    double max = IntStream.range(0, size).mapToDouble(i -> logits[i]).max().orElseThrow();
    double mass = IntStream.range(0, size).mapToDouble(i -> Math.exp(logits[i] - max)).sum();
    for (int i = 0; i < size; i++) {
      logProbs[i] = (float) (exact ? logits[i] : logits[i] - max - Math.log(mass));
    }
    return logProbs;
  }
}
