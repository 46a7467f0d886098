package io.heterospec.processor.model;

import io.heterospec.processor.torch.Staging;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A {@link RowBatch} in the form that {@code decoder.py} documents: one tensor of integers, one of
 * mask cells and a list that says what lies where. Sequences whose caches share a pool form a group
 * with one attention operation, those with a mask and those without apart; its short sequences, and
 * slots that take no part, are padded. Where one long sequence would pad all others at a greater
 * cost than a further operation has, it forms a group of its own. Where nothing needs padding no
 * index is built, which is the case of plain decoding.
 */
final class PassInput {
  static final long[] NOTHING = {};
  private static final int HEADER = 4;
  private static final int FIELDS = 7;

  // Padded pairs of a row and a cache row that are worth a further operation with its gathering of
  // rows: about 70 µs a layer on a CPU; a GPU hardly notices padding, but each of the kernels.
  private static final long WORTH_ON_CPU = 1 << 11;
  private static final long WORTH_ON_GPU = 1 << 17;

  private final Staging staging = new Staging();
  private final List<Group> groups = new ArrayList<>();
  private long[] layout = NOTHING;

  /** Sequences of one pool, all with a mask or all without. */
  private static final class Group {
    final KvPool pool;
    final boolean masked;
    final List<Integer> sequences = new ArrayList<>();
    int firstSlot = Integer.MAX_VALUE;
    int lastSlot;
    int rows;
    int rowsOfSlot;
    int columns;
    int view;

    Group(KvPool pool, boolean masked) {
      this.pool = pool;
      this.masked = masked;
    }

    void add(RowBatch batch, int sequence) {
      KvCache cache = batch.cache(sequence);
      int count = batch.count(sequence);
      sequences.add(sequence);
      firstSlot = Math.min(firstSlot, cache.slot());
      lastSlot = Math.max(lastSlot, cache.slot());
      rows += count;
      rowsOfSlot = Math.max(rowsOfSlot, count);
      columns = Math.max(columns, batch.columns(sequence));
      view = Math.max(view, cache.length() + Math.max(count, batch.columns(sequence)));
    }

    int slots() {
      return lastSlot - firstSlot + 1;
    }

    int places() {
      return slots() * rowsOfSlot;
    }

    /** Pairs of a row and a cache row that attention looks at. */
    long cells() {
      return (long) places() * view;
    }

    /** Those of them that nothing comes of. */
    long padding() {
      return (long) (places() - rows) * view;
    }

    long worth() {
      return pool.isOnGpu() ? WORTH_ON_GPU : WORTH_ON_CPU;
    }

    int place(RowBatch batch, int sequence) {
      return (batch.cache(sequence).slot() - firstSlot) * rowsOfSlot;
    }
  }

  /**
   * @param extra integers for the script beside the rows
   * @param computedRows rows of the pass; those beyond the batch's attend to nothing of account and
   *     are not cached
   */
  void write(RowBatch batch, long[] extra, int computedRows) {
    int spare = computedRows - batch.rows();
    group(batch);
    boolean scattered = groups.size() > 1 || spare > 0;
    boolean padded = scattered || padded(batch);
    staging.clear();
    for (int row = 0; row < batch.rows(); row++) {
      staging.putLong(batch.id(row));
    }
    putZeros(spare);
    for (int row = 0; row < batch.rows(); row++) {
      staging.putLong(batch.position(row));
    }
    putZeros(spare);
    for (int row = 0; row < batch.rows(); row++) {
      staging.putLong(batch.parent(row));
    }
    putZeros(spare);
    for (long each : extra) {
      staging.putLong(each);
    }
    if (padded) {
      writePlaces(batch);
      putZeros(spare);
    }
    for (Group group : groups) {
      writeGroup(batch, group, scattered, padded);
      if (group.columns > 0) {
        writeMask(batch, group);
      }
    }
    layout = new long[HEADER + FIELDS * groups.size()];
    layout[0] = computedRows;
    layout[1] = scattered ? 2 : padded ? 1 : 0;
    layout[2] = groups.size();
    layout[3] = extra.length;
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      int at = HEADER + FIELDS * g;
      layout[at] = group.rows;
      layout[at + 1] = group.firstSlot;
      layout[at + 2] = group.slots();
      layout[at + 3] = group.pool.capacity();
      layout[at + 4] = group.rowsOfSlot;
      layout[at + 5] = group.view;
      layout[at + 6] = group.columns;
    }
  }

  private void putZeros(int count) {
    for (int i = 0; i < count; i++) {
      staging.putLong(0);
    }
  }

  private void group(RowBatch batch) {
    List<Group> whole = new ArrayList<>();
    for (int sequence = 0; sequence < batch.sequences(); sequence++) {
      KvPool pool = batch.cache(sequence).pool();
      boolean masked = batch.columns(sequence) > 0;
      Group group = null;
      for (Group each : whole) {
        group = each.pool == pool && each.masked == masked ? each : group;
      }
      if (group == null) {
        group = new Group(pool, masked);
        whole.add(group);
      }
      group.add(batch, sequence);
    }
    groups.clear();
    whole.forEach(group -> addSplit(batch, group));
  }

  // Adds a group, or the parts of it that are cheaper.
  private void addSplit(RowBatch batch, Group group) {
    Group tall = null;
    Group others = null;
    if (group.padding() > group.worth()) {
      long cells = group.cells() - group.worth();
      int[] heights = group.sequences.stream().mapToInt(batch::count).distinct().toArray();
      for (int height : heights) {
        Group taller = new Group(group.pool, group.masked);
        Group rest = new Group(group.pool, group.masked);
        for (int sequence : group.sequences) {
          (batch.count(sequence) > height ? taller : rest).add(batch, sequence);
        }
        if (!taller.sequences.isEmpty() && taller.cells() + rest.cells() < cells) {
          cells = taller.cells() + rest.cells();
          tall = taller;
          others = rest;
        }
      }
    }
    if (tall == null) {
      groups.add(group);
    } else {
      addSplit(batch, tall);
      addSplit(batch, others);
    }
  }

  // Rows stand where attention wants them when one pool's neighbouring slots come in order, each
  // with as many rows.
  private boolean padded(RowBatch batch) {
    Group group = groups.get(0);
    if (group.places() != batch.rows()) {
      return true;
    }
    for (int sequence = 0; sequence < batch.sequences(); sequence++) {
      if (group.place(batch, sequence) != batch.start(sequence)) {
        return true;
      }
    }
    return false;
  }

  private void writePlaces(RowBatch batch) {
    long[] places = new long[batch.rows()];
    int before = 0;
    for (Group group : groups) {
      for (int sequence : group.sequences) {
        int place = before + group.place(batch, sequence);
        for (int i = 0; i < batch.count(sequence); i++) {
          places[batch.start(sequence) + i] = place + i;
        }
      }
      before += group.places();
    }
    for (long place : places) {
      staging.putLong(place);
    }
  }

  private void writeGroup(RowBatch batch, Group group, boolean scattered, boolean padded) {
    if (scattered) {
      for (int sequence : group.sequences) {
        for (int i = 0; i < batch.count(sequence); i++) {
          staging.putLong(batch.start(sequence) + i);
        }
      }
    }
    for (int sequence : group.sequences) {
      KvCache cache = batch.cache(sequence);
      int count = batch.count(sequence);
      int above = Math.max(0, batch.columns(sequence) - count);
      for (int i = 0; i < count; i++) {
        for (int head = 0; head < group.pool.kvHeads(); head++) {
          staging.putLong(group.pool.firstRow(cache.slot(), head) + cache.length() + above + i);
        }
      }
    }
    long[] contexts = new long[group.slots()];
    Arrays.fill(contexts, 1); // an unused slot sees something: no row of nothing but -inf
    for (int sequence : group.sequences) {
      KvCache cache = batch.cache(sequence);
      contexts[cache.slot() - group.firstSlot] = cache.length();
    }
    for (long context : contexts) {
      staging.putLong(context);
    }
    if (padded) {
      long[] rows = new long[group.places()];
      for (int sequence : group.sequences) {
        int place = group.place(batch, sequence);
        for (int i = 0; i < batch.count(sequence); i++) {
          rows[place + i] = batch.start(sequence) + i;
        }
      }
      for (long row : rows) {
        staging.putLong(row);
      }
    }
  }

  // A column before the mask stands for all context, one after it for all rows beyond.
  private void writeMask(RowBatch batch, Group group) {
    int width = group.columns + 2;
    float[] cells = new float[group.places() * width];
    Arrays.fill(cells, Float.NEGATIVE_INFINITY);
    for (int place = 0; place < group.places(); place++) {
      cells[place * width] = 0;
    }
    for (int sequence : group.sequences) {
      int columns = batch.columns(sequence);
      int place = group.place(batch, sequence);
      for (int i = 0; i < batch.count(sequence); i++) {
        System.arraycopy(
            batch.masks(),
            batch.maskStart(sequence) + i * columns,
            cells,
            (place + i) * width + 1,
            columns);
      }
    }
    for (float cell : cells) {
      staging.putFloat(cell);
    }
  }

  Tensor ints(TorchDevice device) {
    return staging.longs(device);
  }

  /** One cell at least: a tensor of none cannot be made. */
  Tensor trees(TorchDevice device) {
    if (groups.stream().allMatch(group -> group.columns == 0)) {
      staging.putFloat(0);
    }
    return staging.floats(device);
  }

  long[] layout() {
    return layout;
  }

  /** Of each group one of each segment of the devices. */
  List<Tensor> pools() {
    return groups.stream().flatMap(group -> group.pool.tensors().stream()).toList();
  }
}
