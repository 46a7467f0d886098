package io.heterospec.topology.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on stderr; nothing where stderr is no terminal. */
final class Progress implements AutoCloseable {
  private final ProgressBar bar;

  Progress(String task, long steps) {
    this(task, steps, "", 1);
  }

  private Progress(String task, long steps, String unit, long unitSteps) {
    bar =
        System.console() == null
            ? null
            : new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(steps)
                .setUnit(unit, unitSteps)
                .setStyle(ProgressBarStyle.ASCII)
                .continuousUpdate()
                .build();
  }

  /** A bar in bytes, counted in MiB. */
  static Progress ofBytes(String task, long bytes) {
    return new Progress(task, bytes, " MiB", 1 << 20);
  }

  void stepBy(long steps) {
    if (bar != null) {
      bar.stepBy(steps);
    }
  }

  void step() {
    if (bar != null) {
      bar.step();
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
