package io.heterospec.processor.engine;

import io.heterospec.processor.model.Choices;
import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.torch.TorchDevice;
import io.heterospec.processor.tree.TreeShape;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * Finds the number of threads that a verification pass gains from. It is often not the number of
 * cores: small operations cost less than the barrier behind them, and others need a core, too.
 */
final class ThreadTuning {
  private static final int ROUNDS = 3;
  private static final int WARM_UP = 1;
  private static final int TIMED = 5;
  private static final long SLOW_PASS_NANOS = 200_000_000L;

  /** More threads must be faster by this factor: ties go to leaving cores to other processes. */
  private static final double CLEAR_WIN = 1.05;

  /**
   * The last core must bring this part of what it could. Whoever shares it, such as streams threads
   * and a broker's, holds up the barriers of every operation. On two cores, through Kafka: of a
   * model that two threads run 1.1 times as fast alone, they made an eighth fewer tokens than one;
   * of one that they run 1.4 times as fast, a sixth more.
   */
  private static final double LAST_CORE = 1. / 4;

  private ThreadTuning() {}

  /** Leaves the device with its best number of threads, at most the number of cores. */
  static void tune(TorchDevice device, TargetModel target) {
    int cores = Runtime.getRuntime().availableProcessors();
    double[] nanos = new double[cores + 1];
    Arrays.fill(nanos, Double.POSITIVE_INFINITY);
    // By turns, the best of each: what else the machine does comes and goes within seconds, and a
    // number of threads found in such a moment would have its costs measured anew.
    for (int round = 0; round < ROUNDS; round++) {
      for (int threads = 1; threads <= cores; threads = next(threads, cores)) {
        device.useThreads(threads);
        nanos[threads] = Math.min(nanos[threads], passNanos(target));
      }
    }
    device.useThreads(best(cores, threads -> nanos[threads]));
  }

  /**
   * @param nanos of a pass with a number of threads
   * @return the number of threads to use
   */
  static int best(int cores, IntToDoubleFunction nanos) {
    int best = 1;
    double bestNanos = nanos.applyAsDouble(1);
    for (int threads = next(1, cores); threads <= cores; threads = next(threads, cores)) {
      double now = nanos.applyAsDouble(threads);
      double could = (double) cores / best - 1;
      double least = threads < cores ? CLEAR_WIN : Math.max(CLEAR_WIN, 1 + could * LAST_CORE);
      if (now * least < bestNanos) {
        best = threads;
        bestNanos = now;
      }
    }
    return best;
  }

  // 1, 2, 4, …, all cores but one, and all.
  private static int next(int threads, int cores) {
    return threads >= cores - 1 ? threads + 1 : Math.min(2 * threads, cores - 1);
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
