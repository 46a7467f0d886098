package io.heterospec.processor.model;

import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Caches of one network that have the same capacity, as slots of one tensor {@code (layers, 2,
 * slots·kvHeads·capacity, headDim)}. Attention over all of them is one operation, and a pass writes
 * its keys and values with one, however many sequences it serves. Belongs to the device's thread.
 */
final class KvPool implements AutoCloseable {
  private final ScriptModule module;
  private final int kvHeads;
  private final int capacity;
  private final TorchDevice device;
  private final List<KvCache> caches = new ArrayList<>(); // in their slots, null where one is free
  private Tensor tensor;
  private final BitSet used = new BitSet(); // free slots that hold what a closed cache left
  private int taken;

  /** A pool with one slot. */
  KvPool(TorchDevice device, ScriptModule module, int layers, int kvHeads, int capacity) {
    this.device = device;
    this.module = module;
    this.kvHeads = kvHeads;
    this.capacity = capacity;
    this.caches.add(null);
    try (Tensor like = device.floats(new float[] {0}, 1)) {
      this.tensor = module.call("allocate", like, layers, kvHeads * capacity).tensor();
    }
  }

  /** Rows of each slot. */
  int capacity() {
    return capacity;
  }

  /** Row of the tensor where a head of a slot has its first row. */
  long firstRow(int slot, int kvHead) {
    return ((long) slot * kvHeads + kvHead) * capacity;
  }

  int kvHeads() {
    return kvHeads;
  }

  /** Slots there is memory for. */
  int slots() {
    return caches.size();
  }

  /** Slots that hold a cache. */
  int taken() {
    return taken;
  }

  boolean isFull() {
    return taken == caches.size();
  }

  boolean isEmpty() {
    return taken == 0;
  }

  /** Makes room for more slots; views of the old tensor must not be in use. */
  void grow(int more) {
    int rows = Math.multiplyExact(slots() + more, kvHeads * capacity);
    replace(module.call("enlarge", tensor, rows).tensor());
    caches.addAll(Collections.nCopies(more, null));
  }

  /** Gives up the memory of free slots: caches move together, which changes their slots. */
  void compact() {
    if (isEmpty() || isFull()) {
      return;
    }
    List<KvCache> moving = caches.stream().filter(Objects::nonNull).toList();
    long[] from = moving.stream().mapToLong(KvCache::slot).toArray();
    try (Tensor kept = device.longs(from, from.length)) {
      replace(module.call("compact", tensor, kept, kvHeads * capacity).tensor());
    }
    used.clear();
    caches.clear();
    for (KvCache cache : moving) {
      cache.moveTo(caches.size());
      caches.add(cache);
    }
  }

  private void replace(Tensor successor) {
    tensor.close();
    tensor = successor;
  }

  /**
   * Gives a cache the lowest free slot, zeroed: slots in use stay close together, and a NaN of one
   * sequence would reach the next through the rows that its mask hides.
   */
  int take(KvCache cache) {
    int slot = caches.indexOf(null);
    if (slot < 0) {
      throw new IllegalStateException("all " + slots() + " cache slots are taken");
    }
    if (used.get(slot)) {
      module.call("clear", tensor, firstRow(slot, 0), kvHeads * capacity).close();
      used.clear(slot);
    }
    caches.set(slot, cache);
    taken++;
    return slot;
  }

  void release(int slot) {
    caches.set(slot, null);
    used.set(slot);
    taken--;
  }

  Tensor tensor() {
    return tensor;
  }

  @Override
  public void close() {
    tensor.close();
  }
}
