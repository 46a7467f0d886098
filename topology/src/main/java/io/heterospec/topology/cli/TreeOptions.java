package io.heterospec.topology.cli;

import io.heterospec.processor.tree.HeteroSpecOptions;
import io.heterospec.processor.tree.TreeShape;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of the base tree and of HeteroSpec. */
final class TreeOptions {
  @Option(names = "--tree-top-k", paramLabel = "K", description = "Children of each draft node.")
  Integer topK;

  @Option(names = "--tree-depth", paramLabel = "D", description = "Drafted levels.")
  Integer depth;

  @Option(names = "--tree-nodes", paramLabel = "N", description = "Verified draft nodes.")
  Integer nodes;

  @Option(
      names = "--alpha",
      description =
          "HeteroSpec: further levels in the lowest entropy bin. Default: depth/2 rounded up.")
  Integer alpha;

  @Option(
      names = "--gamma",
      split = ",",
      description =
          "HeteroSpec: shares of the nodes verified in the lowest bins. Default: 0.3,0.6,1.0.")
  List<Double> gamma;

  /** Whether any part of the shape was given. */
  boolean isShaped() {
    return topK != null || depth != null || nodes != null;
  }

  /** Whether any hyper-parameter of HeteroSpec was given. */
  boolean isTuned() {
    return alpha != null || gamma != null;
  }

  /** The base tree; what was not given is as usual. */
  TreeShape shape(TreeShape usual) {
    return new TreeShape(
        topK == null ? usual.topK() : topK,
        depth == null ? usual.depth() : depth,
        nodes == null ? usual.nodes() : nodes);
  }

  /** Hyper-parameters for a base tree; what was not given is the paper's. */
  HeteroSpecOptions heteroSpec(TreeShape shape) {
    HeteroSpecOptions paper = HeteroSpecOptions.paperDefaults(shape);
    return new HeteroSpecOptions(
        alpha == null ? paper.alpha() : alpha,
        gamma == null ? paper.gamma() : gamma.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
