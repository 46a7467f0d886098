package io.heterospec.processor.model;

import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * Caches of one network that have the same capacity, as slots of one tensor {@code (layers, 2,
 * slots·kvHeads·capacity, headDim)} for each device that holds layers. Attention over all of them
 * is one operation, and a pass writes its keys and values with one, however many sequences it
 * serves. Belongs to the devices' thread.
 */
final class KvPool implements AutoCloseable {
  private final ScriptModule module;
  private final int kvHeads;
  private final int capacity;
  private final LayerDevices devices;
  private final List<KvCache> caches = new ArrayList<>(); // in their slots, null where one is free
  private List<Tensor> tensors; // of each segment of the devices
  private final BitSet used = new BitSet(); // free slots that hold what a closed cache left
  private int taken;

  /** A pool with one slot. */
  KvPool(LayerDevices devices, ScriptModule module, int kvHeads, int capacity) {
    this.devices = devices;
    this.module = module;
    this.kvHeads = kvHeads;
    this.capacity = capacity;
    this.caches.add(null);
    this.tensors = onEach(this::allocate);
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

  boolean isOnGpu() {
    return devices.first().isGpu();
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
    replace(onEach(segment -> module.call("enlarge", tensors.get(segment), rows).tensor()));
    caches.addAll(Collections.nCopies(more, null));
  }

  /** Gives up the memory of free slots: caches move together, which changes their slots. */
  void compact() {
    if (isEmpty() || isFull()) {
      return;
    }
    List<KvCache> moving = caches.stream().filter(Objects::nonNull).toList();
    long[] from = moving.stream().mapToLong(KvCache::slot).toArray();
    replace(onEach(segment -> compacted(segment, from)));
    used.clear();
    caches.clear();
    for (KvCache cache : moving) {
      cache.moveTo(caches.size());
      caches.add(cache);
    }
  }

  private Tensor allocate(int segment) {
    LayerDevices.Segment here = devices.segments().get(segment);
    try (Tensor like = here.device().floats(new float[] {0}, 1)) {
      return module.call("allocate", like, here.layers(), kvHeads * capacity).tensor();
    }
  }

  private Tensor compacted(int segment, long[] slots) {
    TorchDevice device = devices.segments().get(segment).device();
    try (Tensor kept = device.longs(slots, slots.length)) {
      return module.call("compact", tensors.get(segment), kept, kvHeads * capacity).tensor();
    }
  }

  // All or none: a device that has no room for its part leaves the pool as it was.
  private List<Tensor> onEach(IntFunction<Tensor> make) {
    List<Tensor> made = new ArrayList<>();
    try {
      for (int segment = 0; segment < devices.segments().size(); segment++) {
        made.add(make.apply(segment));
      }
      return made;
    } catch (RuntimeException e) {
      made.forEach(Tensor::close);
      throw e;
    }
  }

  private void replace(List<Tensor> successors) {
    close();
    tensors = successors;
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
      for (Tensor tensor : tensors) {
        module.call("clear", tensor, firstRow(slot, 0), kvHeads * capacity).close();
      }
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

  /**
   * One of each segment of the devices: {@code (its layers, 2, slots·kvHeads·capacity, headDim)}.
   */
  List<Tensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::close);
  }
}
