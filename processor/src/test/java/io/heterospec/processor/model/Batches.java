package io.heterospec.processor.model;

import java.util.List;
import java.util.stream.IntStream;

/** Batches of flat test data. */
final class Batches {
  private Batches() {}

  /**
   * Adds a sequence with a square mask.
   *
   * @param rows token ids, then absolute positions: 2 × {@code count}
   */
  static void add(RowBatch batch, KvCache cache, long[] rows, float[] mask, int count) {
    int index = batch.add(cache, count, count);
    for (int row = 0; row < count; row++) {
      batch.set(
          batch.start(index) + row, Math.toIntExact(rows[row]), Math.toIntExact(rows[count + row]));
    }
    System.arraycopy(mask, 0, batch.masks(), batch.maskStart(index), count * count);
  }

  /** Adds a part of a prompt, whose rows see those before them; its first row in the batch. */
  static int addPart(RowBatch batch, KvCache cache, int[] prompt, int from) {
    int start = batch.start(batch.add(cache, prompt.length - from));
    for (int i = from; i < prompt.length; i++) {
      batch.set(start + i - from, prompt[i], i);
    }
    return start;
  }

  /** All rows of a pass's features. */
  static List<Features.Rows> all(Features features) {
    int[] rows = IntStream.range(0, features.count()).toArray();
    return List.of(new Features.Rows(features, rows, rows.length));
  }

  static RowBatch of(KvCache cache, long[] rows, float[] mask, int count) {
    RowBatch batch = new RowBatch();
    add(batch, cache, rows, mask, count);
    return batch;
  }

  /** Rows of the head's context: the tokens after those of the features. */
  static RowBatch context(KvCache cache, int[] ids, int from, int to) {
    RowBatch batch = new RowBatch();
    batch.add(cache, to - from);
    for (int i = from; i < to; i++) {
      batch.set(i - from, ids[i], i - 1);
    }
    return batch;
  }
}
