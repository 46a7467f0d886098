package io.heterospec.topology.cli;

import io.heterospec.processor.checkpoint.LoadProgress;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;

/** A progress bar for the loading of weights. */
final class LoadBar implements LoadProgress, AutoCloseable {
  private Progress bar;

  private LoadBar() {}

  /** Opens an engine behind such a bar. */
  static TorchEngine open(EngineOptions options) {
    try (LoadBar bar = new LoadBar()) {
      return TorchEngine.open(options.withProgress(bar));
    }
  }

  @Override
  public void start(long bytes) {
    bar = Progress.ofBytes("load", bytes);
  }

  @Override
  public void read(long bytes) {
    bar.stepBy(bytes);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
