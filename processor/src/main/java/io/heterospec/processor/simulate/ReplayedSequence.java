package io.heterospec.processor.simulate;

import io.heterospec.processor.tree.AcceptedPath;
import io.heterospec.processor.tree.BudgetedPolicy;
import io.heterospec.processor.tree.Draft;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.GrowingTree;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.SpeculationHistory;
import io.heterospec.processor.tree.TreePolicy;
import io.heterospec.processor.tree.VerifyTree;
import java.util.Arrays;

/** A surveyed text while a policy decodes it again. */
final class ReplayedSequence {
  private static final int END = -1; // no token of any vocabulary

  final SurveyedText text;
  final DraftTree draft = new DraftTree();
  final VerifyTree verify = new VerifyTree();
  private final SpeculationHistory history; // null for policies without a budget
  private final int depth;
  private int position; // tokens of the text that are decoded
  private int headLength; // tokens that the head has read
  private Tree tree; // of this cycle, null when it cannot draft
  private long calls;
  private long verified;
  private double ms;

  /** Its draft tree in one cycle. */
  final class Tree extends GrowingTree {
    private int[] surveyed = new int[0]; // node of the survey for each node, or UNKNOWN

    Tree(TreePolicy policy, int limit, SpeculationBudget.Share share) {
      super(policy, draft, limit, share);
    }

    SurveyedTree survey() {
      return text.trees().get(position);
    }

    /** Rows that the head reads before it expands the root. */
    int unseenRows() {
      return ReplayedSequence.this.unseenRows();
    }

    int surveyed(int node) {
      return node == DraftTree.ROOT ? DraftTree.ROOT : surveyed[node];
    }

    /** Notes where the nodes from {@code first} on stand in the survey. */
    void map(int first, int surveyedFirst) {
      if (surveyed.length < draft.size()) {
        surveyed = Arrays.copyOf(surveyed, 2 * draft.size());
      }
      for (int node = first; node < draft.size(); node++) {
        surveyed[node] =
            surveyedFirst == ReplayedHead.UNKNOWN
                ? ReplayedHead.UNKNOWN
                : surveyedFirst + node - first;
      }
    }

    void headHasRead() {
      headLength = text.promptTokens() + position - 1;
    }
  }

  ReplayedSequence(SurveyedText text, SpeculationBudget budget) {
    this.text = text;
    this.history = budget == null ? null : budget.newHistory();
    this.depth = text.depth();
  }

  boolean isDone() {
    return position == text.tokens().length;
  }

  private int unseenRows() {
    return text.promptTokens() + position - 1 - headLength;
  }

  /** Whether this cycle is the pass that completes the prompt, in which nothing is drafted. */
  boolean isPrefill() {
    return position == 0;
  }

  /**
   * Begins a cycle; the tree to grow, null when nothing is drafted.
   *
   * @param budgets whether budgeted sequences draft in this cycle
   */
  Tree begin(TreePolicy policy, boolean budgets) {
    draft.reset(1);
    tree = null;
    boolean budgeted = policy instanceof BudgetedPolicy;
    if (isPrefill() || (budgeted && !budgets)) {
      return null;
    }
    int limit = Math.min(text.limit() - position - 1, depth);
    boolean able = limit >= 1 && policy.drafts();
    SpeculationBudget.Share share = null;
    if (budgeted) {
      int most = policy.shape().mostNodes();
      share = new SpeculationBudget.Share(draft, history, 1, able ? limit : 0, most, unseenRows());
    }
    tree = able || share != null ? new Tree(policy, limit, share) : null;
    return tree;
  }

  /** Tokens of the text before the root's children. */
  int position() {
    return position;
  }

  /** What drafting came to in this cycle. */
  Draft drafted() {
    return tree == null ? Draft.NONE : tree.draft();
  }

  /** Selects what is verified. */
  void select() {
    verify.select(draft, drafted().assessment().verify());
  }

  /** What the text accepts of the verified tree. */
  AcceptedPath path() {
    int[] tokens = text.tokens();
    return AcceptedPath.of(
        verify,
        row -> {
          int next = position + verify.depth(row);
          return next < tokens.length ? tokens[next] : END;
        });
  }

  /** Goes on along a path. */
  void advance(AcceptedPath path, SpeculationBudget budget, double shareOfMs) {
    if (tree != null && tree.share() != null) {
      budget.learn(tree.share(), verify, path);
    }
    position = Math.min(text.tokens().length, position + path.accepted() + 1);
    calls++;
    verified += verify.rows();
    ms += shareOfMs;
  }

  ReplayedText replayed() {
    return new ReplayedText(text.category(), text.tokens().length, calls, verified, ms);
  }
}
