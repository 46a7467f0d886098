package io.heterospec.topology;

import io.heterospec.processor.engine.DecodeEngine;
import java.util.Map;

/** What engines of tests have in common: they keep nothing of sessions and never die. */
public abstract class CachelessEngine implements DecodeEngine {
  private static final long ROW_BYTES = 1024;

  @Override
  public void forget(String session) {}

  @Override
  public Map<String, Integer> sessions() {
    return Map.of();
  }

  @Override
  public long cacheRowBytes() {
    return ROW_BYTES;
  }

  @Override
  public boolean healthy() {
    return true;
  }
}
