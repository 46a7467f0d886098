package io.heterospec.processor.engine;

import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.RowBatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Divides prompts into chunks, each of which is computed in the pass of a {@link DecodeCycle}.
 * Belongs to the engine's thread.
 */
final class Prefill {
  /**
   * Rows of a chunk that those who decode always put up with. On a CPU they cost as much as two
   * cycles of eight sequences, and a row costs the least in a pass of about this size.
   */
  private static final int SMALL_CHUNK = 128;

  private final DraftHead head; // null without a head
  private final int mostRows;
  private final RowBatch batch = new RowBatch();

  /**
   * The tokens of a sequence that a chunk takes.
   *
   * @param isLast whether it goes up to the root, so that the pass gives the sequence a token
   */
  record Part(Sequence sequence, int from, int to, boolean isLast) {
    int rows() {
      return to - from;
    }
  }

  /**
   * @param head null without one
   * @param mostRows most rows of a chunk
   */
  Prefill(DraftHead head, int mostRows) {
    this.head = head;
    this.mostRows = mostRows;
  }

  /**
   * The next chunk. It belongs to the first sequence in the fair order. What that leaves, and up to
   * half the chunk where their priority is the same, goes to those behind it that need no more: a
   * short prompt does not wait until a long one is through. What is still left goes to one that
   * needs more where it came before the first, so that urgent short prompts do not hold it up for
   * good; others wait for their turn, since a longer chunk is a longer step for those who decode.
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
    int forFirst = Math.min(rowsNeeded(first), room - forOthers);
    parts.add(0, part(first, forFirst));
    int rest = room - forOthers - forFirst;
    if (rest > 0) {
      waiting.stream()
          .filter(each -> each.arrival < first.arrival && !isPartOf(parts, each))
          .findFirst()
          .ifPresent(overtaken -> parts.add(part(overtaken, rest)));
    }
    return parts;
  }

  private static boolean isPartOf(List<Part> parts, Sequence sequence) {
    return parts.stream().anyMatch(part -> part.sequence() == sequence);
  }

  private static int rowsNeeded(Sequence sequence) {
    return sequence.rootPosition() + 1 - sequence.targetCache().length();
  }

  private static Part part(Sequence sequence, int rows) {
    int from = sequence.targetCache().length();
    return new Part(sequence, from, from + rows, rows == rowsNeeded(sequence));
  }

  // Those who wait for their first token and those who decode share the time by their number.
  private int chunk(int waiting, int live) {
    int fair = (int) ((long) mostRows * waiting / live);
    return Math.min(mostRows, Math.max(SMALL_CHUNK, fair));
  }

  /**
   * Sequences whose head should read now what the target has computed of them: features are large
   * and should not wait. Those of a prompt's last part the head reads when it first drafts. A
   * budgeted sequence may never draft, and the head then has nothing to read; so its turn comes
   * when a whole chunk has gathered, and as this takes the time of all, one at a time.
   */
  List<Sequence> dueForHead(List<Sequence> live) {
    List<Sequence> behind =
        live.stream().filter(each -> each.reader == null && !each.features().isEmpty()).toList();
    Stream<Sequence> unfinished =
        behind.stream().filter(each -> !each.isBudgeted() && !each.prefilled());
    Stream<Sequence> furthest =
        behind.stream()
            .filter(each -> each.isBudgeted() && unread(each) >= mostRows)
            .max(Comparator.comparingInt(Prefill::unread))
            .stream();
    return Stream.concat(unfinished, furthest).toList();
  }

  private static int unread(Sequence sequence) {
    return sequence.targetCache().length() - sequence.headCache().length();
  }

  /** Lets the head read all that the target has computed of some sequences. */
  void readByHead(List<Sequence> sequences) {
    if (sequences.isEmpty()) {
      return;
    }
    batch.reset();
    List<Features.Rows> features = new ArrayList<>();
    for (Sequence sequence : sequences) {
      Drafter.addContext(batch, sequence, sequence.targetCache().length());
      features.addAll(sequence.features());
    }
    head.addContext(batch, features);
    sequences.forEach(Sequence::dropFeatures);
  }
}
