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
   * Rows of a chunk that those who decode always put up with. On a CPU it costs as much as three or
   * four cycles of eight sequences; smaller ones would cost more in all.
   */
  private static final int SMALL_CHUNK = 64;

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
   * The next chunk, in the fair order: as much as it can take of the first sequence, and those that
   * follow as long as all they need fits beside it.
   */
  List<Part> next(List<Sequence> live) {
    List<Sequence> waiting =
        live.stream().filter(each -> !each.prefilled()).sorted(AdmissionQueue.FAIR).toList();
    int room = chunk(waiting.size(), live.size());
    List<Part> parts = new ArrayList<>();
    for (Sequence sequence : waiting) {
      int from = sequence.targetCache().length();
      int rows = sequence.rootPosition() - from;
      if (rows > room && !parts.isEmpty()) {
        break;
      }
      rows = Math.min(rows, room);
      parts.add(new Part(sequence, from, from + rows));
      room -= rows;
    }
    return parts;
  }

  // Those who wait for their first token and those who decode share the time by their number.
  private int chunk(int waiting, int live) {
    int fair = waiting == 0 ? 0 : (int) ((long) mostRows * waiting / live);
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
