package io.heterospec.processor.engine;

import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.model.Sampling;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.tree.AcceptedPath;
import io.heterospec.processor.tree.Draft;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.VerifyTree;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One draft-verify cycle of several sequences together: draft a tree for each, verify all trees
 * with one pass of the target, walk each from its root along the tokens the target itself chooses,
 * keep the rows of that path. The token that ends the walk is the target's own, so a cycle gives a
 * sequence one token more than it accepts, and every token is the one plain decoding would give.
 * Belongs to the engine's thread.
 */
final class DecodeCycle {
  private final TargetModel target;
  private final DraftHead head; // null without one
  private final SpeculationBudget budget;
  private final Drafter drafter;
  private final RowBatch batch = new RowBatch();
  private final List<Sampling> sampling = new ArrayList<>();
  private long[] uniform = new long[64];

  /** What the cycle did for one sequence. */
  record Outcome(Sequence sequence, GenerationStep step) {}

  /** What the target made of a sequence's tree. */
  private record Walk(Sequence sequence, AcceptedPath path) {}

  /** Times of a cycle, the same for all its sequences. */
  private record Times(
      int sequences, int budget, long draftNanos, long verifyNanos, long totalNanos) {}

  /**
   * @param head null without one, as is the budget
   */
  DecodeCycle(TargetModel target, DraftHead head, SpeculationBudget budget) {
    this.target = target;
    this.head = head;
    this.budget = budget;
    this.drafter = head == null ? null : new Drafter(head, budget);
  }

  /**
   * Runs a cycle; each sequence's new tokens follow its old ones. Where the device has no memory
   * for it, the sequences are as before but for rows that their heads have read: the cycle can be
   * run again.
   *
   * @param speculate false to decode plainly, whatever the policies
   */
  List<Outcome> run(List<Sequence> sequences, boolean speculate) {
    long start = System.nanoTime();
    takeNanos();
    for (Sequence sequence : sequences) {
      if (sequence.targetCalls == 0) {
        sequence.firstCycleNanos = start;
      }
    }
    if (drafter != null) {
      drafter.draft(sequences, speculate);
    }
    long drafted = System.nanoTime();
    TargetModel.Pass pass = verify(sequences);
    List<Walk> walks = new ArrayList<>(sequences.size());
    for (int i = 0; i < sequences.size(); i++) {
      walks.add(walk(sequences.get(i), pass.tokens(), batch.start(i)));
    }
    keep(walks, batch, pass.features());
    for (Walk walk : walks) {
      Sequence sequence = walk.sequence();
      if (sequence.share != null) {
        budget.learn(sequence.share, sequence.verify, walk.path());
      }
    }
    Times times =
        new Times(
            sequences.size(),
            drafter == null ? -1 : drafter.budgetedRows(),
            head == null ? 0 : head.takeNanos(),
            target.takeNanos(),
            System.nanoTime() - start);
    List<Outcome> outcomes =
        walks.stream().map(walk -> new Outcome(walk.sequence(), emit(walk, times))).toList();
    if (drafter != null && drafter.budgetedRows() > 0) {
      budget.learnTimes((drafted - start) / 1e6, (System.nanoTime() - drafted) / 1e6);
    }
    return outcomes;
  }

  private TargetModel.Pass verify(List<Sequence> sequences) {
    batch.reset();
    sampling.clear();
    for (Sequence sequence : sequences) {
      add(sequence);
      sampling.add(sequence.sampling);
    }
    return target.verify(batch, sampling, uniform);
  }

  private void add(Sequence sequence) {
    VerifyTree tree = sequence.verify;
    tree.select(sequence.draft, sequence.drafted.assessment().verify());
    int count = tree.rows();
    int index = batch.add(sequence.targetCache(), count, count);
    int start = batch.start(index);
    tree.writeMask(batch.masks(), batch.maskStart(index), count);
    if (uniform.length < start + count) {
      uniform = Arrays.copyOf(uniform, 2 * (start + count));
    }
    int root = sequence.rootPosition();
    long seed = sequence.request.sampling().seed();
    for (int row = 0; row < count; row++) {
      int token = row == 0 ? sequence.tokens()[root] : tree.token(row);
      batch.set(start + row, token, root + tree.depth(row));
      uniform[start + row] = PositionRandom.at(seed, root + 1 + tree.depth(row));
    }
  }

  private static Walk walk(Sequence sequence, long[] next, int start) {
    return new Walk(
        sequence, AcceptedPath.of(sequence.verify, row -> Math.toIntExact(next[start + row])));
  }

  // What the head will read of this pass it reads when it drafts next.
  private static void keep(List<Walk> walks, RowBatch batch, Features features) {
    try (features) {
      KvCache.keep(
          walks.stream()
              .map(
                  walk ->
                      new KvCache.Kept(
                          walk.sequence().targetCache(),
                          walk.path().rows(),
                          walk.path().accepted() + 1))
              .toList());
      for (int i = 0; i < walks.size(); i++) {
        Walk walk = walks.get(i);
        if (walk.sequence().policy.drafts()) {
          int[] rows = new int[walk.path().accepted() + 1];
          for (int step = 0; step < rows.length; step++) {
            rows[step] = batch.start(i) + walk.path().rows()[step];
          }
          walk.sequence().features().add(features.rows(rows, rows.length));
        }
      }
    }
  }

  private static GenerationStep emit(Walk walk, Times times) {
    Sequence sequence = walk.sequence();
    int offset = sequence.generatedCount();
    StringBuilder text = new StringBuilder();
    int emitted = 0;
    AcceptedPath path = walk.path();
    int[] chars = new int[path.accepted() + 1];
    for (int i = 1; i <= path.accepted() + 1 && sequence.text.finish() == null; i++) {
      int token = i <= path.accepted() ? sequence.verify.token(path.rows()[i]) : path.bonus();
      sequence.add(token);
      String piece = sequence.text.append(token);
      text.append(piece);
      chars[emitted++] = piece.length();
    }
    CycleReport report = report(walk, emitted, times);
    count(sequence, report);
    int[] tokens = sequence.generated();
    return new GenerationStep(
        sequence.request.id(),
        offset,
        Arrays.copyOfRange(tokens, offset, tokens.length),
        text.toString(),
        Arrays.copyOf(chars, emitted),
        report);
  }

  private static CycleReport report(Walk walk, int emitted, Times times) {
    Sequence sequence = walk.sequence();
    DraftTree draft = sequence.draft;
    VerifyTree tree = sequence.verify;
    Draft drafted = sequence.drafted;
    int end = drafted.metaPathEnd();
    int endRow = end == DraftTree.ROOT ? -1 : tree.rowOf(end);
    return new CycleReport(
        sequence.policy.name(),
        Math.toIntExact(sequence.targetCalls),
        times.sequences(),
        drafted.assessment().entropy(),
        drafted.depthEntropies(),
        drafted.assessment().bin(),
        draft.depth(),
        draft.size(),
        tree.rows(),
        walk.path().accepted(),
        emitted,
        endRow < 0 ? -1 : tree.rankOf(end),
        sequence.share == null ? -1 : times.budget(),
        endRow > 0 && walk.path().reached(endRow),
        times.draftNanos(),
        times.verifyNanos(),
        times.totalNanos(),
        sequence.request.traceTree() ? nodes(walk) : List.of());
  }

  private static List<CycleReport.Node> nodes(Walk walk) {
    DraftTree draft = walk.sequence().draft;
    List<CycleReport.Node> nodes = new ArrayList<>();
    for (int node = 0; node < draft.size(); node++) {
      int row = walk.sequence().verify.rowOf(node);
      nodes.add(
          new CycleReport.Node(
              draft.token(node),
              draft.parent(node),
              Math.exp(draft.logConfidence(node)),
              row >= 0,
              row >= 0 && walk.path().reached(row)));
    }
    return nodes;
  }

  private static void count(Sequence sequence, CycleReport report) {
    sequence.targetCalls++;
    sequence.decodedTokens += report.emitted();
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
