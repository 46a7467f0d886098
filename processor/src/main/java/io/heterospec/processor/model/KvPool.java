package io.heterospec.processor.model;

import io.heterospec.processor.torch.ScriptModule;
import io.heterospec.processor.torch.Tensor;
import io.heterospec.processor.torch.TorchDevice;
import java.util.BitSet;

/**
 * Caches of one network that have the same capacity, as slots of one tensor {@code (layers, 2,
 * slots·kvHeads·capacity, headDim)}. Attention over all of them is one operation, and a pass writes
 * its keys and values with one, however many sequences it serves. Belongs to the device's thread.
 */
final class KvPool implements AutoCloseable {
  private final ScriptModule module;
  private final int kvHeads;
  private final int capacity;
  private final BitSet taken = new BitSet();
  private Tensor tensor;
  private int slots;

  /** A pool with one slot. */
  KvPool(TorchDevice device, ScriptModule module, int layers, int kvHeads, int capacity) {
    this.module = module;
    this.kvHeads = kvHeads;
    this.capacity = capacity;
    this.slots = 1;
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
    return slots;
  }

  boolean isFull() {
    return taken.cardinality() == slots;
  }

  boolean isEmpty() {
    return taken.isEmpty();
  }

  /** Makes room for more slots; views of the old tensor must not be in use. */
  void grow(int more) {
    int rows = Math.multiplyExact(slots + more, kvHeads * capacity);
    Tensor larger = module.call("enlarge", tensor, rows).tensor();
    tensor.close();
    tensor = larger;
    slots += more;
  }

  /** Takes the lowest free slot: slots in use stay close together. */
  int take() {
    int slot = taken.nextClearBit(0);
    if (slot == slots) {
      throw new IllegalStateException("all " + slots + " cache slots are taken");
    }
    taken.set(slot);
    return slot;
  }

  void release(int slot) {
    taken.clear(slot);
  }

  Tensor tensor() {
    return tensor;
  }

  @Override
  public void close() {
    tensor.close();
  }
}
