package io.heterospec.processor.simulate;

import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.DraftTree;
import java.util.ArrayList;
import java.util.List;

/**
 * The most that any policy could reach with a head, one sequence at a time: an oracle knows the
 * text, drafts and verifies only the nodes that will be accepted, and stops where a further one
 * costs more than it brings. The best stops are found exactly: for a given worth of a millisecond
 * by dynamic programming from the end of each text, and that worth is the rate reached (Dinkelbach,
 * 1967).
 */
public final class OracleBound {
  private static final int ROUNDS = 50;

  private final CostTable costs;
  private final boolean freeDrafts;

  /**
   * @param freeDrafts whether drafting costs nothing, as with a perfectly fast head
   */
  public OracleBound(CostTable costs, boolean freeDrafts) {
    this.costs = costs;
    this.freeDrafts = freeDrafts;
  }

  /** The best decoding of the texts. */
  public List<ReplayedText> of(List<SurveyedText> texts) {
    double rate = 0;
    List<ReplayedText> best = List.of();
    for (int round = 0; round < ROUNDS; round++) {
      best = new ArrayList<>();
      for (SurveyedText text : texts) {
        best.add(decode(text, rate));
      }
      double reached = ReplayedText.sum("", best).tokensPerMs();
      if (reached <= rate) {
        break;
      }
      rate = reached;
    }
    return best;
  }

  private ReplayedText decode(SurveyedText text, double rate) {
    int length = text.tokens().length;
    double[] value = new double[length + 1]; // of what follows, less the worth of its time
    int[] accepted = new int[length];
    for (int at = length - 1; at >= 0; at--) {
      value[at] = Double.NEGATIVE_INFINITY;
      int most = acceptable(text, at);
      for (int nodes = 0; nodes <= most; nodes++) {
        double here = nodes + 1 - rate * costMs(nodes) + value[at + nodes + 1];
        if (here > value[at]) {
          value[at] = here;
          accepted[at] = nodes;
        }
      }
    }
    long calls = 0;
    long verified = 0;
    double ms = 0;
    for (int at = 0; at < length; at += accepted[at] + 1) {
      calls++;
      verified += accepted[at] + 1;
      ms += costMs(accepted[at]);
    }
    return new ReplayedText(text.category(), length, calls, verified, ms);
  }

  // Nodes of the tree that continue the text, each a child of the one before. The first token comes
  // with the prompt, without a draft.
  private static int acceptable(SurveyedText text, int at) {
    if (at == 0) {
      return 0;
    }
    SurveyedTree tree = text.trees().get(at);
    int node = DraftTree.ROOT;
    int count = 0;
    while (at + count + 1 < text.tokens().length) {
      node = tree.child(node, text.tokens()[at + count]);
      if (node < 0) {
        break;
      }
      count++;
    }
    return count;
  }

  private double costMs(int nodes) {
    double verify = costs.verifyMs(1, 1.0 + nodes);
    if (freeDrafts || nodes == 0) {
      return verify;
    }
    return verify + costs.extendMs(1) + (nodes - 1) * costs.levelMs(1, 1);
  }
}
