package io.heterospec.processor.engine;

import io.heterospec.processor.model.Choices;
import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.torch.TorchDevice;
import io.heterospec.processor.tree.TreeShape;
import java.util.Arrays;

/**
 * Finds the number of threads that makes a verification pass fastest. It is often not the number of
 * cores: small operations cost less than the barrier behind them.
 */
final class ThreadTuning {
  private static final int WARM_UP = 2;
  private static final int TIMED = 7;
  private static final long SLOW_PASS_NANOS = 200_000_000L;

  /** More threads must win by this factor: ties go to leaving cores to the rest of the process. */
  private static final double CLEAR_WIN = 0.95;

  private ThreadTuning() {}

  /** Leaves the device with its best number of threads, at most the number of cores. */
  static void tune(TorchDevice device, TargetModel target) {
    int cores = Runtime.getRuntime().availableProcessors();
    int best = 1;
    double bestNanos = Double.POSITIVE_INFINITY;
    for (int threads = 1; threads <= cores; threads = next(threads, cores)) {
      device.useThreads(threads);
      double nanos = passNanos(target);
      if (nanos < bestNanos * CLEAR_WIN) {
        best = threads;
        bestNanos = nanos;
      }
    }
    device.useThreads(best);
  }

  // 1, 2, 4, … and the number of cores itself.
  private static int next(int threads, int cores) {
    return threads < cores ? Math.min(2 * threads, cores) : cores + 1;
  }

  private static double passNanos(TargetModel target) {
    int count = Math.min(TreeShape.cpuDefault().nodes() + 1, target.config().contextLength());
    try (KvCache cache = target.newCache(count)) {
      // Every row sees all others: the arithmetic is the same as with a tree.
      RowBatch batch = new RowBatch();
      batch.add(cache, count, count);
      for (int row = 0; row < count; row++) {
        batch.set(row, 0, row);
      }
      Choices choices = Choices.afterEach(count);
      long first = pass(target, batch, choices);
      if (first > SLOW_PASS_NANOS) {
        return pass(target, batch, choices);
      }
      long[] nanos = new long[TIMED];
      for (int i = -WARM_UP; i < TIMED; i++) {
        long time = pass(target, batch, choices);
        if (i >= 0) {
          nanos[i] = time;
        }
      }
      Arrays.sort(nanos);
      return nanos[TIMED / 2];
    }
  }

  private static long pass(TargetModel target, RowBatch batch, Choices choices) {
    long start = System.nanoTime();
    target.verify(batch, choices).features().close();
    return System.nanoTime() - start;
  }
}
