package io.heterospec.processor.tree;

import java.util.Arrays;
import java.util.Objects;

/**
 * The candidates that the draft head proposed in one cycle (dynamic draft tree of EAGLE-2/3).
 *
 * <p>Nodes are numbered in the order they were added, so levels are contiguous and a parent's index
 * is below its children's. The root, {@link #ROOT}, is the token just sampled; it is no candidate.
 * A cycle runs {@code reset, expand(ROOT), selectFrontier, expand each frontier node,
 * selectFrontier, …}. Confidence is the product of the draft probabilities along a path, kept as a
 * sum of natural logarithms.
 *
 * <p>All storage is primitive arrays that are reused from cycle to cycle. Not safe for use by
 * several threads.
 */
public final class DraftTree {
  /** Stands for the root where a node index is expected. */
  public static final int ROOT = -1;

  private int[] token = new int[64];
  private int[] parent = new int[64];
  private int[] depth = new int[64];
  private int[] slot = new int[64];
  private double[] logConfidence = new double[64];
  private double[] entropy = new double[64];
  private double rootEntropy = Double.NaN;

  private final TopNodes frontier = new TopNodes();
  private int topK;
  private int size;
  private int levels;
  private int levelStart;
  private boolean levelIsFrontier;
  private int slots;
  private int frontierSlots;

  /**
   * Starts a new cycle.
   *
   * @param k most children of a node and most nodes of a frontier, at least 1
   */
  public void reset(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("a draft tree needs a top-k of at least 1, got " + k);
    }
    topK = k;
    size = 0;
    levels = 0;
    levelStart = 0;
    levelIsFrontier = false;
    slots = 0;
    frontierSlots = 0;
    rootEntropy = Double.NaN;
    frontier.reset(0);
  }

  /**
   * Adds the most probable tokens after a node as its children and records the entropy of their
   * renormalised probabilities. Log-probabilities above 0 (rounding) count as 0, so confidence
   * never grows along a path.
   *
   * @param node {@link #ROOT} first, then each node of the frontier once
   * @param logProbs natural log-probabilities over the whole draft vocabulary, descending
   * @param tokens target-vocabulary ids, all different
   * @param offset of the first child in both arrays
   * @param k number of children, from 1 to the {@code k} of {@link #reset}
   * @throws IllegalStateException when the node is not waiting for expansion
   * @throws IllegalArgumentException when {@code k} is out of range or a log-probability is NaN
   */
  public void expand(int node, float[] logProbs, int[] tokens, int offset, int k) {
    requireExpandable(node);
    if (k < 1 || k > topK) {
      throw new IllegalArgumentException(
          "a node of this draft tree has 1 to " + topK + " children, got " + k);
    }
    Objects.checkFromIndexSize(offset, k, logProbs.length);
    Objects.checkFromIndexSize(offset, k, tokens.length);
    double spread = entropyOf(logProbs, offset, k);
    int childDepth = node == ROOT ? 1 : depth[node] + 1;
    double base = node == ROOT ? 0 : logConfidence[node];
    if (childDepth > levels) {
      levels = childDepth;
      levelStart = size;
      levelIsFrontier = false;
    }
    ensureCapacity(size + k);
    for (int i = 0; i < k; i++) {
      int child = size++;
      token[child] = tokens[offset + i];
      parent[child] = node;
      depth[child] = childDepth;
      slot[child] = -1;
      logConfidence[child] = base + Math.min(0, logProbs[offset + i]);
      entropy[child] = Double.NaN;
    }
    if (node == ROOT) {
      rootEntropy = spread;
    } else {
      entropy[node] = spread;
    }
  }

  /**
   * Makes the best {@code k} nodes of the deepest level the frontier, best first (ties: lower
   * index), and gives each the next free draft KV slot.
   *
   * @throws IllegalStateException when the deepest level already is the frontier's, or is empty
   */
  public void selectFrontier(int k) {
    if (k < 1 || k > topK) {
      throw new IllegalArgumentException(
          "a frontier of this draft tree has 1 to " + topK + " nodes, got " + k);
    }
    if (size == 0 || levelIsFrontier) {
      throw new IllegalStateException("expand the current frontier before selecting the next one");
    }
    frontier.reset(k);
    for (int node = levelStart; node < size; node++) {
      frontier.offer(node, logConfidence[node]);
    }
    levelIsFrontier = true;
    frontierSlots = slots;
    for (int i = 0; i < frontier.size(); i++) {
      slot[frontier.node(i)] = slots++;
    }
  }

  /** Nodes of the frontier; 0 before the first {@link #selectFrontier}. */
  public int frontierSize() {
    return frontier.size();
  }

  /** The {@code i}-th node of the frontier, best first. */
  public int frontier(int i) {
    return frontier.node(Objects.checkIndex(i, frontier.size()));
  }

  /** Draft KV slots taken by frontier nodes of this cycle, the current frontier included. */
  public int slots() {
    return slots;
  }

  /** Draft KV slot of a node, counted from the first slot of the tree; -1 when it has none. */
  public int slot(int node) {
    return slot[check(node)];
  }

  /**
   * Writes the additive attention mask of the current frontier over the slots of the tree: row
   * {@code i} (of {@link #frontierSize()}) is {@code frontier(i)}, column {@code j} (of {@link
   * #slots()}) is slot {@code j}; 0 for itself and its ancestors, {@code -Infinity} elsewhere. The
   * true context before the tree is visible to every row and not part of the mask.
   *
   * @param dst receives rows × columns values, row by row, from index 0
   */
  public void writeFrontierMask(float[] dst) {
    writeFrontierMask(dst, 0, slots);
  }

  /**
   * The same, into a wider matrix.
   *
   * @param offset of the first written value
   * @param stride values from one row to the next, at least {@link #slots()}
   */
  public void writeFrontierMask(float[] dst, int offset, int stride) {
    if (stride < slots) {
      throw new IllegalArgumentException(
          "the mask needs a stride of at least " + slots + ", got " + stride);
    }
    for (int i = 0; i < frontier.size(); i++) {
      int row = offset + i * stride;
      Arrays.fill(dst, row, row + slots, Float.NEGATIVE_INFINITY);
      for (int node = frontier.node(i); node != ROOT; node = parent[node]) {
        dst[row + slot[node]] = 0;
      }
    }
  }

  /** Most children of a node. */
  public int topK() {
    return topK;
  }

  /** Candidates so far. */
  public int size() {
    return size;
  }

  /** Drafted levels. */
  public int depth() {
    return levels;
  }

  /** First node of the deepest level; the others follow it. */
  public int levelStart() {
    return levelStart;
  }

  /** Whether a node (or {@link #ROOT}) has children. */
  public boolean isExpanded(int node) {
    return !Double.isNaN(entropy(node));
  }

  /** Rank among its siblings, from 0, of the child that carries a token; -1 when none does. */
  public int rankOfChild(int node, int wanted) {
    int rank = 0;
    for (int child = node + 1; child < size; child++) {
      if (parent[child] == node) {
        if (token[child] == wanted) {
          return rank;
        }
        rank++;
      }
    }
    return -1;
  }

  /** Target-vocabulary id of a node. */
  public int token(int node) {
    return token[check(node)];
  }

  /** Parent of a node, {@link #ROOT} at depth 1. */
  public int parent(int node) {
    return parent[check(node)];
  }

  /** Depth of a node, from 1. */
  public int depth(int node) {
    return depth[check(node)];
  }

  /** Natural logarithm of a node's path confidence, at most 0. */
  public double logConfidence(int node) {
    return logConfidence[check(node)];
  }

  /**
   * Entropy in nats of the renormalised top-k distribution after a node (or {@link #ROOT}); NaN
   * when it was not expanded.
   */
  public double entropy(int node) {
    return node == ROOT ? rootEntropy : entropy[check(node)];
  }

  /** The most confident node of the deepest level (ties: lower index), {@link #ROOT} when empty. */
  public int metaPathEnd() {
    int best = ROOT;
    for (int node = levelStart; node < size; node++) {
      if (best == ROOT || logConfidence[node] > logConfidence[best]) {
        best = node;
      }
    }
    return best;
  }

  /**
   * Cumulative meta-path entropy in nats: the sum of {@link #depthEntropies()}; NaN for an empty
   * tree. HeteroSpec (arXiv 2505.13254) takes it at the base depth, before any extension.
   */
  public double metaPathEntropy() {
    int end = metaPathEnd();
    if (end == ROOT) {
      return Double.NaN;
    }
    double sum = 0;
    for (int node = end; node != ROOT; node = parent[node]) {
      sum += entropy(parent[node]);
    }
    return sum;
  }

  /** Entropies of the distributions along the meta-path, the root's first: one for each level. */
  public double[] depthEntropies() {
    double[] entropies = new double[levels];
    for (int node = metaPathEnd(); node != ROOT; node = parent[node]) {
      entropies[depth[node] - 1] = entropy(parent[node]);
    }
    return entropies;
  }

  private void requireExpandable(int node) {
    boolean waiting =
        node == ROOT
            ? topK > 0 && size == 0
            : node >= 0
                && node < size
                && slot[node] >= frontierSlots
                && Double.isNaN(entropy[node]);
    if (!waiting) {
      throw new IllegalStateException(
          "node " + node + " is not an unexpanded node of the frontier; select the frontier first");
    }
  }

  private static double entropyOf(float[] logProbs, int offset, int k) {
    // H = ln Z - Σ p·l / Z with p = exp(l): one pass, and no second array for the renormalised p.
    double mass = 0;
    double weighted = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = offset; i < offset + k; i++) {
      if (Float.isNaN(logProbs[i])) {
        throw new IllegalArgumentException(
            "the draft head returned NaN as a log-probability; check its weights and dtype");
      }
      highest = Math.max(highest, logProbs[i]);
    }
    if (highest == Double.NEGATIVE_INFINITY) {
      return 0;
    }
    for (int i = offset; i < offset + k; i++) {
      double shifted = logProbs[i] - highest;
      double p = Math.exp(shifted);
      if (p > 0) {
        mass += p;
        weighted += p * shifted;
      }
    }
    return Math.max(0, Math.log(mass) - weighted / mass);
  }

  private int check(int node) {
    return Objects.checkIndex(node, size);
  }

  private void ensureCapacity(int needed) {
    if (needed > token.length) {
      int capacity = Math.max(needed, 2 * token.length);
      token = Arrays.copyOf(token, capacity);
      parent = Arrays.copyOf(parent, capacity);
      depth = Arrays.copyOf(depth, capacity);
      slot = Arrays.copyOf(slot, capacity);
      logConfidence = Arrays.copyOf(logConfidence, capacity);
      entropy = Arrays.copyOf(entropy, capacity);
    }
  }
}
