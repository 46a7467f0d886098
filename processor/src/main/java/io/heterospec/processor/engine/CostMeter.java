package io.heterospec.processor.engine;

import io.heterospec.processor.model.Choices;
import io.heterospec.processor.model.DraftHead;
import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.Proposals;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.torch.DeviceGroup;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.CostTableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Measures what passes cost on the device itself. Belongs to the device's thread. */
final class CostMeter {
  private static final Logger LOG = LoggerFactory.getLogger(CostMeter.class);

  private static final int[] SEQUENCES = {1, 2, 4, 8, 16};
  private static final int[] ROWS = {1, 2, 3, 5, 9, 17};
  private static final int CONTEXT = 192;
  private static final int READ = 128; // context rows that the head reads of a prompt

  /** Counts changes of what passes cost: a table of before is measured again. */
  private static final int PASSES = 5;

  private static final int MIN_RUNS = 3;
  private static final int MAX_RUNS = 9;
  private static final long POINT_NANOS = 40_000_000;
  private static final long MOST_NANOS = 20_000_000_000L;
  private static final long AGAIN_NANOS = 4_000_000_000L;

  private final TargetModel target;
  private final DraftHead head;
  private final int topK;
  private final long cacheBytes;

  private CostMeter(ModelPair models, int topK) {
    this.target = models.target();
    this.head = models.head();
    this.topK = topK;
    this.cacheBytes = models.cacheBytes();
  }

  /**
   * The table of a pair: the one beside the head when it was measured under the same conditions,
   * otherwise measured now and left there.
   *
   * @param directory of the head
   * @param fingerprint of the pair
   */
  static CostTable table(ModelPair models, Path directory, String fingerprint, int topK) {
    DeviceGroup devices = models.devices();
    String dtype = models.arithmetic().dtype().label();
    String conditions =
        "%s %s, %s, %d threads, %d cores, passes %d, pair %s"
            .formatted(
                devices.name(),
                dtype,
                models.arithmetic().kernel(),
                devices.first().threads(),
                Runtime.getRuntime().availableProcessors(),
                PASSES,
                fingerprint);
    Path file = directory.resolve(CostTableFile.name(devices.name(), dtype));
    CostTable stored = stored(file);
    if (stored != null && stored.device().equals(conditions)) {
      return stored;
    }
    CostMeter meter = new CostMeter(models, topK);
    long begin = System.nanoTime();
    CostTable measured = meter.measure(conditions, fits(models));
    if (System.nanoTime() - begin < AGAIN_NANOS) {
      // Some time apart: a disturbance rarely hits the same point again.
      measured = lower(measured, meter.measure(conditions, fits(models)));
    }
    try {
      CostTableFile.write(file, measured);
    } catch (IOException e) {
      LOG.info(
          "{} cannot be written, so costs are measured at every start ({})", file, e.toString());
    }
    return measured;
  }

  private static CostTable stored(Path file) {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try {
      return CostTableFile.read(file);
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("costs are measured again: {}", e.getMessage());
      return null;
    }
  }

  // Small contexts cannot hold the longest trees of the grid.
  private static int fits(ModelPair models) {
    int last = ROWS[ROWS.length - 1];
    return Math.max(0, Math.min(CONTEXT, models.target().config().contextLength() - last - 2));
  }

  private CostTable measure(String conditions, int context) {
    double[][] verify = new double[SEQUENCES.length][ROWS.length];
    double[][] lone = new double[SEQUENCES.length][ROWS.length];
    double[][] level = new double[SEQUENCES.length][ROWS.length];
    double[] extend = new double[SEQUENCES.length];
    double read = 0;
    List<KvCache> caches = new ArrayList<>();
    List<KvCache> headCaches = new ArrayList<>();
    long begin = System.nanoTime();
    try {
      for (int s = 0; s < SEQUENCES.length; s++) {
        if (s > 0 && (System.nanoTime() - begin > MOST_NANOS || !hasRoom(SEQUENCES[s], context))) {
          extrapolate(s, verify, lone, level, extend);
          break;
        }
        while (caches.size() < SEQUENCES[s]) {
          KvCache cache = target.newCache(slotRows(context));
          caches.add(cache);
          if (context > 0) {
            target.prefill(new int[context], 0, context, cache).close();
          }
          KvCache headCache = head.newCache(slotRows(context));
          headCaches.add(headCache);
          headCache.append(context);
        }
        for (int r = 0; r < ROWS.length; r++) {
          int rows = ROWS[r];
          verify[s][r] = typical(() -> verify(caches, rows, rows).close());
          lone[s][r] = typical(() -> verify(caches, rows, 1).close());
        }
        extend[s] = extend(caches, headCaches, level[s]);
        if (s == 0) {
          read = read(caches);
        }
      }
    } finally {
      caches.forEach(KvCache::close);
      headCaches.forEach(KvCache::close);
      target.memory().trim();
      head.memory().trim();
    }
    return new CostTable(conditions, SEQUENCES, ROWS, verify, lone, level, extend, read);
  }

  private static int slotRows(int context) {
    return context + ROWS[ROWS.length - 1] + 2;
  }

  private boolean hasRoom(int sequences, int context) {
    long rowBytes = target.memory().rowBytes() + head.memory().rowBytes();
    return sequences * slotRows(context) * rowBytes <= cacheBytes;
  }

  // A large model: more sequences would take minutes to measure, or more memory than there is. What
  // a pass takes is mostly arithmetic then, and grows with the rows.
  static void extrapolate(
      int from, double[][] verify, double[][] lone, double[][] level, double[] extend) {
    for (int s = from; s < SEQUENCES.length; s++) {
      double growth = (double) SEQUENCES[s] / SEQUENCES[s - 1];
      extend[s] = extend[s - 1] * growth;
      for (int r = 0; r < ROWS.length; r++) {
        verify[s][r] = verify[s - 1][r] * growth;
        level[s][r] = level[s - 1][r] * growth;
        double before = ROWS[r] + SEQUENCES[s - 1] - 1;
        lone[s][r] = lone[s - 1][r] * (ROWS[r] + SEQUENCES[s] - 1) / before;
      }
    }
  }

  private static CostTable lower(CostTable one, CostTable other) {
    return new CostTable(
        one.device(),
        SEQUENCES,
        ROWS,
        lower(one.verify(), other.verify()),
        lower(one.lone(), other.lone()),
        lower(one.level(), other.level()),
        lower(one.extend(), other.extend()),
        Math.min(one.read(), other.read()));
  }

  private static double[][] lower(double[][] one, double[][] other) {
    double[][] lower = new double[one.length][];
    Arrays.setAll(lower, s -> lower(one[s], other[s]));
    return lower;
  }

  private static double[] lower(double[] one, double[] other) {
    double[] lower = new double[one.length];
    Arrays.setAll(lower, i -> Math.min(one[i], other[i]));
    return lower;
  }

  private Features verify(List<KvCache> caches, int first, int others) {
    RowBatch batch = square(caches, first, others);
    return target.verify(batch, Choices.afterEach(batch.rows())).features();
  }

  // Every row sees all others: the arithmetic is the same as with a tree.
  private static RowBatch square(List<KvCache> caches, int first, int others) {
    RowBatch batch = new RowBatch();
    for (int i = 0; i < caches.size(); i++) {
      int rows = i == 0 ? first : others;
      int start = batch.start(batch.add(caches.get(i), rows, rows));
      for (int row = 0; row < rows; row++) {
        batch.set(start + row, 0, caches.get(i).length() + row);
        batch.setParent(start + row, i);
      }
    }
    return batch;
  }

  // Of one sequence: whoever reads prompts of several pays for each.
  private double read(List<KvCache> caches) {
    int most = Math.min(READ, target.config().contextLength() - 1);
    try (Features features = verify(caches, 1, 1);
        KvCache headCache = head.newCache(most)) {
      List<Features.Rows> all = List.of(new Features.Rows(features, new int[most], most));
      double ms =
          typical(
              () -> {
                head.addContext(context(List.of(headCache), most), all);
                headCache.truncate(0);
              });
      return ms / most;
    }
  }

  private double extend(List<KvCache> caches, List<KvCache> headCaches, double[] level) {
    int usual = CostTable.USUAL_ROWS;
    try (Features features = verify(caches, usual, usual)) {
      int[] rows = IntStream.range(0, usual * caches.size()).toArray();
      List<Features.Rows> all = List.of(new Features.Rows(features, rows, rows.length));
      double extend = typical(() -> extend(headCaches, all, usual).close());
      try (Proposals above = extend(headCaches, all, usual)) {
        for (int r = 0; r < ROWS.length; r++) {
          RowBatch batch = square(headCaches, ROWS[r], ROWS[r]);
          level[r] = typical(() -> head.level(batch, above.hidden(), topK).close());
        }
      }
      return extend;
    }
  }

  private Proposals extend(List<KvCache> headCaches, List<Features.Rows> features, int rows) {
    Proposals proposals = head.extend(context(headCaches, rows), features, topK);
    headCaches.forEach(cache -> cache.truncate(cache.length() - rows));
    return proposals;
  }

  private static RowBatch context(List<KvCache> headCaches, int rows) {
    RowBatch batch = new RowBatch();
    for (KvCache cache : headCaches) {
      int start = batch.start(batch.add(cache, rows));
      for (int row = 0; row < rows; row++) {
        batch.set(start + row, 0, cache.length() + row);
      }
    }
    return batch;
  }

  // The lower quartile: whatever else the machine does only adds time.
  private static double typical(Runnable pass) {
    double[] millis = new double[MAX_RUNS];
    int runs = 0;
    long begin = System.nanoTime();
    pass.run();
    boolean slow = System.nanoTime() - begin > POINT_NANOS;
    while (runs < (slow ? 1 : MIN_RUNS)
        || (runs < MAX_RUNS && System.nanoTime() - begin < POINT_NANOS)) {
      long start = System.nanoTime();
      pass.run();
      millis[runs++] = (System.nanoTime() - start) / 1e6;
    }
    Arrays.sort(millis, 0, runs);
    return millis[runs / 4];
  }
}
