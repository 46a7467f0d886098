package io.heterospec.processor.simulate;

import io.heterospec.processor.tree.AcceptedPath;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.TreeGrowth;
import io.heterospec.processor.tree.TreePolicy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;

/**
 * Decodes surveyed texts again with any policy, without a model: the policy's own classes decide
 * what to draft and verify, the survey tells what the head proposes, the text what the target
 * accepts, a cost table how long it takes.
 *
 * @param texts in the order of decoding
 * @param unknown share of the drafted nodes whose children the survey does not know
 */
public record Replay(List<ReplayedText> texts, double unknown) {

  /** Sees each cycle of each sequence before the sequence goes on. */
  interface Observer {
    void onCycle(ReplayedSequence sequence, AcceptedPath path);
  }

  /**
   * Decodes all texts, a number of them at a time: the next begins as one ends.
   *
   * @param budget of the budgeted policy, null for others
   * @throws IllegalArgumentException when the survey is not as deep as the policy drafts
   */
  public static Replay run(
      List<SurveyedText> texts,
      TreePolicy policy,
      SpeculationBudget budget,
      CostTable costs,
      int concurrency) {
    return run(texts, policy, budget, costs, concurrency, (sequence, path) -> {});
  }

  static Replay run(
      List<SurveyedText> texts,
      TreePolicy policy,
      SpeculationBudget budget,
      CostTable costs,
      int concurrency,
      Observer observer) {
    int depth = texts.stream().mapToInt(SurveyedText::depth).max().orElse(0);
    if (depth < policy.shape().depth()) {
      throw new IllegalArgumentException(
          "the survey is %d levels deep and %s drafts %d; survey deeper trees"
              .formatted(depth, policy.name(), policy.shape().depth()));
    }
    TreeGrowth growth = new TreeGrowth(budget);
    ReplayedHead head = new ReplayedHead(costs);
    Queue<SurveyedText> waiting = new ArrayDeque<>(texts);
    List<ReplayedSequence> live = new ArrayList<>();
    List<ReplayedText> done = new ArrayList<>();
    while (!waiting.isEmpty() || !live.isEmpty()) {
      while (live.size() < concurrency && !waiting.isEmpty()) {
        live.add(new ReplayedSequence(waiting.poll(), budget));
      }
      cycle(live, policy, budget, growth, head, costs, observer);
      live.stream().filter(ReplayedSequence::isDone).forEach(each -> done.add(each.replayed()));
      live.removeIf(ReplayedSequence::isDone);
    }
    return new Replay(done, head.unknownShare());
  }

  private static void cycle(
      List<ReplayedSequence> live,
      TreePolicy policy,
      SpeculationBudget budget,
      TreeGrowth growth,
      ReplayedHead head,
      CostTable costs,
      Observer observer) {
    int decoding = (int) live.stream().filter(each -> !each.isPrefill()).count();
    boolean budgets = SpeculationBudget.drafts(decoding, decoding < live.size());
    List<ReplayedSequence.Tree> trees =
        live.stream().map(each -> each.begin(policy, budgets)).filter(Objects::nonNull).toList();
    growth.grow(trees, decoding, head);
    int rows = 0;
    int tallest = 0;
    for (ReplayedSequence sequence : live) {
      sequence.select();
      rows += sequence.verify.rows();
      tallest = Math.max(tallest, sequence.verify.rows());
    }
    double draftMs = head.takeMs();
    double passMs = costs.verifyMs(live.size(), rows, tallest);
    if (budget != null && decoding == live.size()) {
      budget.learnTimes(draftMs, passMs);
    }
    for (ReplayedSequence sequence : live) {
      AcceptedPath path = sequence.path();
      observer.onCycle(sequence, path);
      sequence.advance(path, budget, (draftMs + passMs) / live.size());
    }
  }
}
