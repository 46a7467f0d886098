package io.heterospec.processor.engine;

import io.heterospec.processor.engine.Drafter.Draft;
import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.VerifyTree;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One draft-verify cycle of a sequence: draft a tree, verify it with one pass of the target, walk
 * from the root along the tokens the target itself chooses, keep the rows of that path. The token
 * that ends the walk is the target's own, so a cycle gives one token more than it accepts, and
 * every token is the one plain decoding would give. Belongs to the engine's thread.
 */
final class DecodeCycle {
  private final TargetModel target;
  private final DraftHead head; // null without one
  private final Drafter drafter;
  private long[] rows = new long[0];
  private float[] mask = new float[0];
  private long[] uniform = new long[0];
  private int[] path = new int[1];

  DecodeCycle(TargetModel target, DraftHead head) {
    this.target = target;
    this.head = head;
    this.drafter = head == null ? null : new Drafter(head);
  }

  /** Runs a cycle; the sequence's new tokens follow its old ones. */
  GenerationStep run(Sequence sequence) {
    long start = System.nanoTime();
    if (sequence.targetCalls == 0) {
      sequence.firstCycleNanos = start;
    }
    takeNanos();
    Draft draft = draft(sequence);
    VerifyTree tree = sequence.verify;
    tree.select(sequence.draft, draft.assessment().verify());
    TargetModel.Pass pass = verify(sequence, tree);
    int accepted = walk(tree, pass.tokens());
    long bonus = pass.tokens()[path[accepted]];
    keep(sequence, pass.features(), accepted);

    int offset = sequence.generatedCount();
    StringBuilder text = new StringBuilder();
    int emitted = 0;
    for (int i = 1; i <= accepted + 1 && sequence.text.finish() == null; i++) {
      int token = i <= accepted ? tree.token(path[i]) : Math.toIntExact(bonus);
      sequence.add(token);
      text.append(sequence.text.append(token));
      emitted++;
    }
    CycleReport report = report(sequence, draft, accepted, emitted, start);
    count(sequence, report);
    int[] tokens = sequence.generated();
    return new GenerationStep(
        sequence.request.id(),
        offset,
        Arrays.copyOfRange(tokens, offset, tokens.length),
        text.toString(),
        report);
  }

  private Draft draft(Sequence sequence) {
    // A token beyond the limit could never be emitted.
    int maxDepth = sequence.text.remaining() - 1;
    if (sequence.features() == null || maxDepth < 1 || !sequence.policy.drafts()) {
      sequence.draft.reset(1);
      return Draft.NONE;
    }
    return drafter.draft(sequence, maxDepth);
  }

  private TargetModel.Pass verify(Sequence sequence, VerifyTree tree) {
    int count = tree.rows();
    if (mask.length != count * count) {
      rows = new long[2 * count];
      mask = new float[count * count];
      uniform = new long[count];
    }
    rows[0] = sequence.tokens()[sequence.rootPosition()];
    for (int row = 1; row < count; row++) {
      rows[row] = tree.token(row);
    }
    tree.writePositions(rows, count, sequence.rootPosition());
    tree.writeMask(mask);
    long seed = sequence.request.sampling().seed();
    for (int row = 0; row < count; row++) {
      uniform[row] = PositionRandom.at(seed, sequence.length() + tree.depth(row));
    }
    return target.verify(rows, mask, count, sequence.targetCache(), sequence.sampling, uniform);
  }

  /**
   * Fills {@link #path} with the root's row and the accepted ones; returns how many were accepted.
   */
  private int walk(VerifyTree tree, long[] next) {
    path = path.length < tree.rows() ? new int[tree.rows()] : path;
    int accepted = 0;
    int row = 0;
    path[0] = 0;
    while (row >= 0) {
      row = tree.child(row, Math.toIntExact(next[row]));
      if (row >= 0) {
        path[++accepted] = row;
      }
    }
    return accepted;
  }

  private void keep(Sequence sequence, Tensor features, int accepted) {
    try (features) {
      sequence.targetCache().keep(path, accepted + 1);
      if (sequence.policy.drafts()) {
        sequence.features(target.pick(features, path, accepted + 1));
      }
    }
  }

  private CycleReport report(
      Sequence sequence, Draft drafted, int accepted, int emitted, long start) {
    DraftTree draft = sequence.draft;
    VerifyTree tree = sequence.verify;
    int end = drafted.metaPathEnd();
    int endRow = end == DraftTree.ROOT ? -1 : tree.rowOf(end);
    long draftNanos = head == null ? 0 : head.takeNanos();
    long verifyNanos = target.takeNanos();
    List<CycleReport.Node> nodes =
        sequence.request.traceTree() ? nodes(sequence, accepted) : List.of();
    return new CycleReport(
        sequence.policy.name(),
        Math.toIntExact(sequence.targetCalls),
        drafted.assessment().entropy(),
        drafted.depthEntropies(),
        drafted.assessment().bin(),
        draft.depth(),
        draft.size(),
        tree.rows(),
        accepted,
        emitted,
        endRow < 0 ? -1 : tree.rankOf(end),
        endRow > 0 && isAccepted(endRow, accepted),
        draftNanos,
        verifyNanos,
        System.nanoTime() - start,
        nodes);
  }

  private List<CycleReport.Node> nodes(Sequence sequence, int accepted) {
    DraftTree draft = sequence.draft;
    List<CycleReport.Node> nodes = new ArrayList<>();
    for (int node = 0; node < draft.size(); node++) {
      int row = sequence.verify.rowOf(node);
      nodes.add(
          new CycleReport.Node(
              draft.token(node),
              draft.parent(node),
              Math.exp(draft.logConfidence(node)),
              row >= 0,
              row >= 0 && isAccepted(row, accepted)));
    }
    return nodes;
  }

  private boolean isAccepted(int row, int accepted) {
    for (int i = 1; i <= accepted; i++) {
      if (path[i] == row) {
        return true;
      }
    }
    return false;
  }

  private static void count(Sequence sequence, CycleReport report) {
    sequence.targetCalls++;
    sequence.verifiedTokens += report.verified();
    sequence.draftedTokens += report.candidates();
    sequence.acceptedTokens += report.emitted() - 1;
  }

  // What prefill spent must not count as this cycle's.
  private void takeNanos() {
    target.takeNanos();
    if (head != null) {
      head.takeNanos();
    }
  }
}
