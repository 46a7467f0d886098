package io.heterospec.processor.engine;

import io.heterospec.processor.model.Choices;
import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.tree.AcceptedPath;
import io.heterospec.processor.tree.Draft;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.VerifyTree;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One draft-verify cycle of several sequences together: draft a tree for each, verify all trees
 * with one pass of the target, walk each from its root along the tokens the target itself chooses,
 * keep the rows of that path. The token that ends the walk is the target's own, so a cycle gives a
 * sequence one token more than it accepts, and every token is the one plain decoding would give.
 *
 * <p>A chunk of prefill takes part in the same pass, which reads all weights but once (Sarathi,
 * Agrawal et al. 2023). A sequence whose prompt it completes gets its first token from it, as from
 * a cycle in which nothing was drafted. Belongs to the engine's thread.
 */
final class DecodeCycle {
  private final TargetModel target;
  private final DraftHead head; // null without one
  private final SpeculationBudget budget;
  private final Drafter drafter;
  private final RowBatch batch = new RowBatch();
  private final Choices choices = new Choices();

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
   * @param sequences those that are prefilled
   * @param parts of the others' prompts
   * @param speculate false to decode plainly, whatever the policies
   * @return an outcome for each sequence that decoded: those given and those whose prompt is
   *     complete now
   */
  List<Outcome> run(List<Sequence> sequences, List<Prefill.Part> parts, boolean speculate) {
    long start = System.nanoTime();
    List<Sequence> decoding = new ArrayList<>(sequences);
    parts.stream().filter(Prefill.Part::isLast).map(Prefill.Part::sequence).forEach(decoding::add);
    sequences.forEach(sequence -> prefilledAt(sequence, start));
    if (drafter != null) {
      drafter.draft(sequences, speculate, !parts.isEmpty());
    }
    long drafted = System.nanoTime();
    batch.reset();
    choices.reset();
    List<Integer> firstChoices = new ArrayList<>(decoding.size());
    sequences.forEach(sequence -> firstChoices.add(addTree(sequence)));
    for (Prefill.Part part : parts) {
      int last = addPart(part);
      if (part.isLast()) {
        firstChoices.add(choose(part.sequence(), last, 0));
      }
    }
    TargetModel.Pass pass = target.verify(batch, choices);
    long verified = System.nanoTime();
    decoding.stream().skip(sequences.size()).forEach(each -> prefilledAt(each, verified));
    List<Walk> walks = new ArrayList<>(decoding.size());
    for (int i = 0; i < decoding.size(); i++) {
      walks.add(walk(decoding.get(i), pass.tokens(), firstChoices.get(i)));
    }
    keep(walks.subList(0, sequences.size()), parts, pass.features());
    for (Walk walk : walks) {
      Sequence sequence = walk.sequence();
      if (sequence.share != null) {
        budget.learn(sequence.share, sequence.verify, walk.path());
      }
    }
    Times times =
        new Times(
            decoding.size(),
            drafter == null ? -1 : drafter.budgetedRows(),
            sequences.stream().anyMatch(each -> each.draft.depth() > 0) ? drafted - start : 0,
            verified - drafted,
            System.nanoTime() - start);
    List<Outcome> outcomes =
        walks.stream().map(walk -> new Outcome(walk.sequence(), emit(walk, times))).toList();
    // The cost table knows nothing of prefill.
    if (drafter != null && drafter.budgetedRows() > 0 && parts.isEmpty()) {
      budget.learnTimes((drafted - start) / 1e6, (System.nanoTime() - drafted) / 1e6);
    }
    return outcomes;
  }

  private static void prefilledAt(Sequence sequence, long nanos) {
    if (sequence.targetCalls == 0) {
      sequence.prefilledNanos = nanos;
    }
  }

  // The index of the choice after its root; those of its nodes follow.
  private int addTree(Sequence sequence) {
    VerifyTree tree = sequence.verify;
    tree.select(sequence.draft, sequence.drafted.assessment().verify());
    int count = tree.rows();
    int index = batch.add(sequence.targetCache(), count, count);
    int start = batch.start(index);
    tree.writeMask(batch.masks(), batch.maskStart(index), count);
    int root = sequence.rootPosition();
    int first = choices.count();
    for (int row = 0; row < count; row++) {
      int token = row == 0 ? sequence.tokens()[root] : tree.token(row);
      batch.set(start + row, token, root + tree.depth(row));
      choose(sequence, start + row, tree.depth(row));
    }
    return first;
  }

  // Its last row in the batch.
  private int addPart(Prefill.Part part) {
    Sequence sequence = part.sequence();
    sequence.draft.reset(1);
    sequence.drafted = Draft.NONE;
    sequence.share = null;
    sequence.verify.select(sequence.draft, 0);
    int row = batch.start(batch.add(sequence.targetCache(), part.rows()));
    for (int position = part.from(); position < part.to(); position++) {
      batch.set(row++, sequence.tokens()[position], position);
    }
    return row - 1;
  }

  private int choose(Sequence sequence, int row, int depth) {
    long seed = sequence.request.sampling().seed();
    int position = sequence.rootPosition() + 1 + depth;
    return choices.add(row, sequence.sampling, PositionRandom.at(seed, position));
  }

  private static Walk walk(Sequence sequence, long[] next, int first) {
    return new Walk(
        sequence, AcceptedPath.of(sequence.verify, row -> Math.toIntExact(next[first + row])));
  }

  // What the head will read of this pass it reads when it drafts next.
  private void keep(List<Walk> walks, List<Prefill.Part> parts, Features all) {
    BitSet patient = patient(walks, !parts.isEmpty());
    // Copied before any cache changes: there may be no memory for it.
    try (all;
        Features copy = copy(walks, patient, all)) {
      KvCache.keep(
          walks.stream()
              .map(
                  walk ->
                      new KvCache.Kept(
                          walk.sequence().targetCache(),
                          walk.path().rows(),
                          walk.path().accepted() + 1))
              .toList());
      int copied = 0;
      for (int i = 0; i < walks.size(); i++) {
        int[] rows = keptRows(walks, i);
        boolean apart = patient.get(i);
        keepFeatures(
            walks.get(i).sequence(),
            apart ? copy : all,
            apart ? IntStream.range(copied, copied + rows.length).toArray() : rows);
        copied += apart ? rows.length : 0;
      }
      for (int i = 0; i < parts.size(); i++) {
        Prefill.Part part = parts.get(i);
        part.sequence().targetCache().append(part.rows());
        int first = batch.start(walks.size() + i);
        int[] rows = IntStream.range(first, first + part.rows()).toArray();
        keepFeatures(part.sequence(), all, rows);
      }
    }
  }

  // Those that may keep their features for many cycles, the head reading nothing meanwhile, beside
  // far more rows that nobody will want: a chunk's, or the rejected ones of others' trees.
  private static BitSet patient(List<Walk> walks, boolean besidePrefill) {
    BitSet patient = new BitSet();
    boolean others = besidePrefill || walks.stream().anyMatch(DecodeCycle::isDrafted);
    for (int i = 0; others && i < walks.size(); i++) {
      boolean drafts = walks.get(i).sequence().policy.drafts();
      patient.set(i, drafts && (besidePrefill || !isDrafted(walks.get(i))));
    }
    return patient;
  }

  private static boolean isDrafted(Walk walk) {
    return walk.sequence().verify.rows() > 1;
  }

  // Null where none is patient.
  private Features copy(List<Walk> walks, BitSet patient, Features all) {
    int[] rows = patient.stream().flatMap(i -> Arrays.stream(keptRows(walks, i))).toArray();
    return rows.length == 0 ? null : target.rows(all, rows);
  }

  private int[] keptRows(List<Walk> walks, int index) {
    AcceptedPath path = walks.get(index).path();
    int start = batch.start(index);
    return Arrays.stream(path.rows(), 0, path.accepted() + 1).map(row -> start + row).toArray();
  }

  private static void keepFeatures(Sequence sequence, Features features, int[] rows) {
    if (sequence.policy.drafts()) {
      sequence.features().add(features.rows(rows, rows.length));
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
    if (sequence.targetCalls == 0) {
      sequence.firstCycleNanos = System.nanoTime();
      sequence.firstCycleTokens = report.emitted();
    }
    sequence.targetCalls++;
    sequence.decodedTokens += report.emitted();
    sequence.verifiedTokens += report.verified();
    sequence.draftedTokens += report.candidates();
    sequence.acceptedTokens += report.emitted() - 1;
  }
}
