package io.heterospec.processor.kv;

/** Where keys and values of a prompt's first tokens came from. */
public enum CacheTier {
  /** Nowhere: all were computed. */
  NONE,
  /** They were still on the device. */
  DEVICE,
  /** Pages in a store. */
  STORE
}
