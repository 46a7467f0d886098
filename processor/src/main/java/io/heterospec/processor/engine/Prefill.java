package io.heterospec.processor.engine;

import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.model.TargetModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Brings what sequences know before their root into the caches, a chunk at a time. Belongs to the
 * engine's thread.
 */
final class Prefill {
  /**
   * Rows of a chunk that those who decode always put up with. On a CPU they cost as much as two
   * cycles of eight sequences, and a row costs the least in a pass of about this size.
   */
  private static final int SMALL_CHUNK = 128;

  private final TargetModel target;
  private final DraftHead head; // null without a head
  private final int mostRows;
  private final RowBatch batch = new RowBatch();

  /** The tokens of a sequence that a chunk takes. */
  record Part(Sequence sequence, int from, int to) {
    int rows() {
      return to - from;
    }
  }

  /**
   * @param mostRows most rows of a chunk
   */
  Prefill(TargetModel target, DraftHead head, int mostRows) {
    this.target = target;
    this.head = head;
    this.mostRows = mostRows;
  }

  /**
   * The next chunk. It belongs to the first sequence in the fair order. What that leaves, and up to
   * half the chunk where their priority is the same, goes to those behind it that need no more: a
   * short prompt does not wait until a long one is through.
   */
  List<Part> next(List<Sequence> live) {
    List<Sequence> waiting =
        live.stream()
            .filter(each -> each.reader == null && !each.prefilled())
            .sorted(AdmissionQueue.FAIR)
            .toList();
    if (waiting.isEmpty()) {
      return List.of();
    }
    Sequence first = waiting.get(0);
    int room = chunk(waiting.size(), live.size());
    int left = Math.max(0, room - rowsNeeded(first));
    int forOthers = 0;
    List<Part> parts = new ArrayList<>();
    for (Sequence other : waiting.subList(1, waiting.size())) {
      boolean equal = other.request.priority() == first.request.priority();
      int most = equal ? Math.max(left, room / 2) : left;
      if (forOthers + rowsNeeded(other) <= most) {
        parts.add(part(other, rowsNeeded(other)));
        forOthers += rowsNeeded(other);
      }
    }
    parts.add(0, part(first, Math.min(rowsNeeded(first), room - forOthers)));
    return parts;
  }

  private static int rowsNeeded(Sequence sequence) {
    return sequence.rootPosition() - sequence.targetCache().length();
  }

  private static Part part(Sequence sequence, int rows) {
    int from = sequence.targetCache().length();
    return new Part(sequence, from, from + rows);
  }

  // Those who wait for their first token and those who decode share the time by their number.
  private int chunk(int waiting, int live) {
    int fair = (int) ((long) mostRows * waiting / live);
    return Math.min(mostRows, Math.max(SMALL_CHUNK, fair));
  }

  /** Prefills a chunk. The head reads the features of a sequence's last part in its first cycle. */
  void run(List<Part> parts) {
    batch.reset();
    for (Part part : parts) {
      Sequence sequence = part.sequence();
      int row = batch.start(batch.add(sequence.targetCache(), part.rows()));
      for (int position = part.from(); position < part.to(); position++) {
        batch.set(row++, sequence.tokens()[position], position);
      }
    }
    try (Features features = target.prefill(batch)) {
      for (int i = 0; i < parts.size(); i++) {
        Part part = parts.get(i);
        if (part.sequence().policy.drafts()) {
          int first = batch.start(i);
          int[] rows = IntStream.range(first, first + part.rows()).toArray();
          part.sequence().features().add(features.rows(rows, rows.length));
        }
      }
    }
    addHeadContext(
        parts.stream()
            .map(Part::sequence)
            .filter(sequence -> sequence.policy.drafts() && !sequence.prefilled())
            // A budgeted sequence may never draft; the head then has nothing to read.
            .filter(sequence -> !sequence.isBudgeted())
            .toList());
  }

  // Features are large: those of a part before the last do not wait.
  private void addHeadContext(List<Sequence> unfinished) {
    if (unfinished.isEmpty()) {
      return;
    }
    batch.reset();
    List<Features.Rows> features = new ArrayList<>();
    for (Sequence sequence : unfinished) {
      Drafter.addContext(batch, sequence, sequence.targetCache().length());
      features.addAll(sequence.features());
    }
    head.addContext(batch, features);
    unfinished.forEach(Sequence::dropFeatures);
  }
}
