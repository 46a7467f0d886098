package io.heterospec.processor.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The input rows of one pass over several sequences, one sequence after the other: each with its
 * token ids, absolute positions, attention mask and cache. Reused from pass to pass. Not safe for
 * use by several threads.
 */
public final class RowBatch {
  private final List<KvCache> caches = new ArrayList<>();
  private final PassInput input = new PassInput();
  private int[] counts = new int[8];
  private int[] columns = new int[8];
  private int[] starts = new int[8];
  private int[] maskStarts = new int[8];
  private int[] ids = new int[64];
  private int[] positions = new int[64];
  private int[] parents = new int[64];
  private float[] masks = new float[256];
  private int rows;
  private int cells;

  /** Empties it. */
  public void reset() {
    caches.clear();
    rows = 0;
    cells = 0;
  }

  /**
   * Adds a sequence whose rows see those before them.
   *
   * @return index of the sequence
   */
  public int add(KvCache cache, int count) {
    return add(cache, count, 0);
  }

  /**
   * Adds a sequence with a mask.
   *
   * @param count its rows
   * @param maskColumns scratch rows of its cache that its rows may see, the rows themselves last;
   *     the caller fills the mask's rows × columns cells
   * @return index of the sequence
   */
  public int add(KvCache cache, int count, int maskColumns) {
    cache.requireRoom(Math.max(count, maskColumns));
    int sequence = caches.size();
    if (sequence == counts.length) {
      counts = Arrays.copyOf(counts, 2 * sequence);
      columns = Arrays.copyOf(columns, 2 * sequence);
      starts = Arrays.copyOf(starts, 2 * sequence);
      maskStarts = Arrays.copyOf(maskStarts, 2 * sequence);
    }
    caches.add(cache);
    counts[sequence] = count;
    columns[sequence] = maskColumns;
    starts[sequence] = rows;
    maskStarts[sequence] = cells;
    rows += count;
    cells += count * maskColumns;
    if (rows > ids.length) {
      int capacity = 2 * rows;
      ids = Arrays.copyOf(ids, capacity);
      positions = Arrays.copyOf(positions, capacity);
      parents = Arrays.copyOf(parents, capacity);
    }
    if (cells > masks.length) {
      masks = Arrays.copyOf(masks, 2 * cells);
    }
    return sequence;
  }

  /** Sets a row of the batch. */
  public void set(int row, int id, int position) {
    ids[row] = id;
    positions[row] = position;
    parents[row] = 0;
  }

  /** Sets which row of the level above is the parent of a row of the batch. */
  public void setParent(int row, int parent) {
    parents[row] = parent;
  }

  /** Sequences. */
  public int sequences() {
    return caches.size();
  }

  /** Rows of all sequences. */
  public int rows() {
    return rows;
  }

  /** First row of a sequence. */
  public int start(int sequence) {
    return starts[sequence];
  }

  /** Rows of a sequence. */
  public int count(int sequence) {
    return counts[sequence];
  }

  /** Additive masks, row by row, to be filled from {@link #maskStart}. */
  public float[] masks() {
    return masks;
  }

  /** Index in {@link #masks} of a sequence's first cell. */
  public int maskStart(int sequence) {
    return maskStarts[sequence];
  }

  int columns(int sequence) {
    return columns[sequence];
  }

  KvCache cache(int sequence) {
    return caches.get(sequence);
  }

  int id(int row) {
    return ids[row];
  }

  int position(int row) {
    return positions[row];
  }

  int parent(int row) {
    return parents[row];
  }

  /** The batch as a script reads it; valid until the batch is used again. */
  PassInput input(long[] extra, int computedRows) {
    input.write(this, extra, computedRows);
    return input;
  }

  PassInput input(long[] extra) {
    return input(extra, rows);
  }

  PassInput input() {
    return input(PassInput.NOTHING);
  }

  /** Declares all rows context of their caches. */
  void append() {
    for (int i = 0; i < caches.size(); i++) {
      caches.get(i).append(counts[i]);
    }
  }
}
