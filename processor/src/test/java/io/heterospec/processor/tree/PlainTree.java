package io.heterospec.processor.tree;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The draft tree by the letter of the EAGLE-2/3 rules: objects, exact sums, sorting. Slow. */
final class PlainTree {

  static final class Node {
    final int index;
    final int token;
    final Node parent;
    final int depth;
    final BigDecimal confidence;
    List<Double> childProbabilities;

    Node(int index, int token, Node parent, int depth, BigDecimal confidence) {
      this.index = index;
      this.token = token;
      this.parent = parent;
      this.depth = depth;
      this.confidence = confidence;
    }

    boolean descendsFrom(Node other) {
      for (Node at = this; at != null; at = at.parent) {
        if (at == other) {
          return true;
        }
      }
      return false;
    }

    List<Node> path() {
      List<Node> path = new ArrayList<>();
      for (Node at = this; at != null; at = at.parent) {
        path.add(0, at);
      }
      return path;
    }
  }

  static final Comparator<Node> BEST_FIRST =
      Comparator.comparing((Node node) -> node.confidence)
          .reversed()
          .thenComparingInt(node -> node.index);

  final List<Node> nodes = new ArrayList<>();
  final List<Node> everExpanded = new ArrayList<>();
  List<Node> frontier = new ArrayList<>();
  List<Double> rootProbabilities;

  void expand(Node node, float[] logProbs, int[] tokens) {
    List<Double> probabilities = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      BigDecimal base = node == null ? BigDecimal.ZERO : node.confidence;
      int depth = node == null ? 1 : node.depth + 1;
      nodes.add(
          new Node(nodes.size(), tokens[i], node, depth, base.add(new BigDecimal(logProbs[i]))));
      probabilities.add(Math.exp(logProbs[i]));
    }
    if (node == null) {
      rootProbabilities = probabilities;
    } else {
      node.childProbabilities = probabilities;
    }
  }

  void selectFrontier(int k) {
    frontier = level(depth()).stream().sorted(BEST_FIRST).limit(k).toList();
    everExpanded.addAll(frontier);
  }

  int depth() {
    return nodes.get(nodes.size() - 1).depth;
  }

  List<Node> level(int depth) {
    return nodes.stream().filter(node -> node.depth == depth).toList();
  }

  List<Node> best(int n) {
    return nodes.stream().sorted(BEST_FIRST).limit(n).toList();
  }

  Node metaPathEnd() {
    return level(depth()).stream().sorted(BEST_FIRST).findFirst().orElseThrow();
  }

  List<Double> metaPathEntropies() {
    List<Double> entropies = new ArrayList<>();
    for (Node step : metaPathEnd().path()) {
      List<Double> p = step.parent == null ? rootProbabilities : step.parent.childProbabilities;
      double sum = p.stream().mapToDouble(Double::doubleValue).sum();
      entropies.add(-p.stream().mapToDouble(v -> v == 0 ? 0 : v / sum * Math.log(v / sum)).sum());
    }
    return entropies;
  }
}
