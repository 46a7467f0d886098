package io.heterospec.processor.engine;

import java.util.List;

/**
 * Telemetry of one draft-verify cycle, which is exactly one pass of the target. In the pass that
 * completes its prompt nothing is drafted for a sequence.
 *
 * @param policy name of the tree policy
 * @param cycle index of the cycle in this attempt of the generation, from 0
 * @param sequences sequences that shared the cycle's passes, this one included
 * @param entropy cumulative meta-path entropy in nats; NaN when nothing was drafted
 * @param depthEntropies the entropies it sums, one for each depth of the meta-path
 * @param bin entropy bin, -1 when the policy uses none
 * @param depth drafted levels
 * @param candidates drafted candidate nodes
 * @param verified rows of the target pass: the root and the verified nodes
 * @param accepted accepted draft tokens
 * @param emitted tokens that became output ({@code accepted + 1}, less what a stop or the length
 *     limit cut off)
 * @param terminalRank rank, from 0, of the meta-path's final token among the verified candidates by
 *     path confidence; -1 when it was not verified
 * @param budget rows that the budget let all its sequences of the cycle verify together; -1 for a
 *     policy without one
 * @param metaPathAccepted whether every token of the meta-path was accepted
 * @param draftNanos time from the cycle's start until all its sequences have drafted; 0 where none
 *     did
 * @param verifyNanos time from then until the target's tokens are known, for all sequences of the
 *     cycle and for the chunk of prefill that shares its pass
 * @param totalNanos time of the whole cycle
 * @param tree all candidates when asked for, otherwise empty
 */
public record CycleReport(
    String policy,
    int cycle,
    int sequences,
    double entropy,
    double[] depthEntropies,
    int bin,
    int depth,
    int candidates,
    int verified,
    int accepted,
    int emitted,
    int terminalRank,
    int budget,
    boolean metaPathAccepted,
    long draftNanos,
    long verifyNanos,
    long totalNanos,
    List<Node> tree) {

  /**
   * One candidate of the draft tree.
   *
   * @param token target-vocabulary id
   * @param parent index of the parent in this list, -1 for a child of the root
   * @param confidence path confidence in (0, 1]
   */
  public record Node(
      int token, int parent, double confidence, boolean verified, boolean accepted) {}
}
