package io.heterospec.processor.tree;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a cycle spends on its draft tree outside the models: growing it, choosing what to verify,
 * and telling how predictable it is.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DraftTreeBenchmark {
  /** Top-k, depth and verified nodes: the defaults for CPUs and GPUs. */
  @Param({"4,4,8", "10,7,60"})
  String shape;

  private final DraftTree tree = new DraftTree();
  private final DraftTree grown = new DraftTree();
  private final VerifyTree verified = new VerifyTree();
  private TreeShape size;
  private TreePolicy policy;
  private float[] logProbs;
  private int[] tokens;
  private float[] mask;

  /** Draws the head's output for every expansion of a cycle. */
  @Setup
  public void draw() {
    int[] values = Arrays.stream(shape.split(",", -1)).mapToInt(Integer::parseInt).toArray();
    size = new TreeShape(values[0], values[1], values[2]);
    policy =
        new HeteroSpecPolicy(
            size, EntropyBins.uncalibrated(size), HeteroSpecOptions.paperDefaults(size));
    Random random = new Random(1);
    int k = size.topK();
    int expansions = 1 + (size.depth() - 1) * k;
    logProbs = new float[expansions * k];
    tokens = random.ints(logProbs.length, 0, 32_000).toArray();
    for (int expansion = 0; expansion < expansions; expansion++) {
      float logProb = 0;
      for (int child = 0; child < k; child++) {
        logProb -= random.nextFloat();
        logProbs[expansion * k + child] = logProb;
      }
    }
    grow(grown);
    verified.select(grown, size.nodes());
    mask = new float[verified.rows() * verified.rows()];
  }

  private void grow(DraftTree into) {
    int k = size.topK();
    int offset = 0;
    into.reset(k);
    into.expand(DraftTree.ROOT, logProbs, tokens, offset, k);
    for (int level = 1; level < size.depth(); level++) {
      into.selectFrontier(k);
      for (int i = 0; i < k; i++) {
        offset += k;
        into.expand(into.frontier(i), logProbs, tokens, offset, k);
      }
    }
  }

  /** Expands the root, then level by level the frontier. */
  @Benchmark
  public int expand() {
    grow(tree);
    return tree.size();
  }

  /** Expands the root alone and chooses the first frontier. */
  @Benchmark
  public int selectFrontier() {
    int k = size.topK();
    tree.reset(k);
    tree.expand(DraftTree.ROOT, logProbs, tokens, 0, k);
    tree.selectFrontier(k);
    return tree.frontierSize();
  }

  /** Chooses the nodes that the target verifies. */
  @Benchmark
  public int verifySelect() {
    verified.select(grown, size.nodes());
    return verified.rows();
  }

  /** Writes their attention mask. */
  @Benchmark
  public float[] verifyMask() {
    verified.writeMask(mask);
    return mask;
  }

  /** The cumulative meta-path entropy. */
  @Benchmark
  public double metaPathEntropy() {
    return grown.metaPathEntropy();
  }

  /** The entropy, its bin, and what follows from it. */
  @Benchmark
  public TreePolicy.Assessment assess() {
    return policy.assess(grown);
  }
}
