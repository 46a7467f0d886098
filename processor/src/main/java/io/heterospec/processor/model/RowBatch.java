package io.heterospec.processor.model;

import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
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
  private long[] counts = new long[8];
  private long[] columns = new long[8];
  private int[] starts = new int[8];
  private int[] maskStarts = new int[8];
  private long[] ids = new long[64];
  private long[] positions = new long[64];
  private long[] parents = new long[64];
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
   * Adds a sequence whose rows see no mask but the order they stand in, or a single row.
   *
   * @return index of the sequence
   */
  public int add(KvCache cache, int count) {
    return add(cache, count, 0);
  }

  /**
   * Adds a sequence.
   *
   * @param count its rows
   * @param maskColumns width of its mask, whose rows × columns cells the caller fills
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
    return Math.toIntExact(counts[sequence]);
  }

  /** Additive masks, row by row, to be filled from {@link #maskStart}. */
  public float[] masks() {
    return masks;
  }

  /** Index in {@link #masks} of a sequence's first cell. */
  public int maskStart(int sequence) {
    return maskStarts[sequence];
  }

  Tensor idsAndPositions(TorchDevice device) {
    long[] values = new long[2 * rows];
    System.arraycopy(ids, 0, values, 0, rows);
    System.arraycopy(positions, 0, values, rows, rows);
    return device.longs(values, 2, rows);
  }

  Tensor idsParentsAndPositions(TorchDevice device) {
    long[] values = new long[3 * rows];
    System.arraycopy(ids, 0, values, 0, rows);
    System.arraycopy(parents, 0, values, rows, rows);
    System.arraycopy(positions, 0, values, 2 * rows, rows);
    return device.longs(values, 3, rows);
  }

  Tensor maskCells(TorchDevice device) {
    return device.floats(Arrays.copyOf(masks, cells), cells);
  }

  Tensor lastRows(TorchDevice device) {
    long[] values = new long[sequences()];
    for (int i = 0; i < values.length; i++) {
      values[i] = starts[i] + counts[i] - 1;
    }
    return device.longs(values, values.length);
  }

  long[] counts() {
    return Arrays.copyOf(counts, sequences());
  }

  long[] maskColumns() {
    return Arrays.copyOf(columns, sequences());
  }

  long[] pasts() {
    return caches.stream().mapToLong(KvCache::length).toArray();
  }

  List<Tensor> tensors() {
    return caches.stream().map(KvCache::tensor).toList();
  }

  /** Declares all rows context of their caches. */
  void append() {
    for (int i = 0; i < caches.size(); i++) {
      caches.get(i).append(count(i));
    }
  }
}
