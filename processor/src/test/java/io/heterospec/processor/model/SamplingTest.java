package io.heterospec.processor.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Sampling on the device against a plain inverse of the distribution function in double precision.
 */
class SamplingTest {
  private static final int VOCABULARY = 61;
  private static final int ROWS = TargetModel.SAMPLED_ROWS + 16;

  @TempDir Path directory;

  @ParameterizedTest(name = "temperature {0}, top-k {1}, top-p {2}")
  @CsvSource({
    "1,0,1",
    "0.7,0,1",
    "2.5,0,1",
    "1,1,1",
    "1,5,1",
    "1,0,0.5",
    "1,0,0.01",
    "0.8,10,0.9",
    "1,61,1",
    "1,100,1"
  })
  void tokensAreThoseOfThePlainInverse(double temperature, int topK, double topP)
      throws IOException {
    Path checkpoint = RandomCheckpoint.target(8, 2, 2, 1, 8, false).write(directory, null);
    Random random = new Random(3);
    long[] rows = new long[2 * ROWS];
    long[] uniform = new long[ROWS];
    float[] mask = new float[ROWS * ROWS];
    for (int row = 0; row < ROWS; row++) {
      rows[row] = random.nextInt(VOCABULARY);
      rows[ROWS + row] = row;
      uniform[row] = random.nextLong() >>> 11;
      Arrays.fill(mask, row * ROWS + row + 1, (row + 1) * ROWS, Float.NEGATIVE_INFINITY);
    }
    uniform[0] = 0;
    uniform[1] = (1L << 53) - 1;
    try (TorchDevice device = TorchDevice.open("cpu", 1);
        TargetCheckpoint files = TargetCheckpoint.open(checkpoint);
        TargetModel target =
            TargetModel.load(device, Arithmetic.choose(device, Dtype.FP32), files, false);
        KvCache cache = target.newCache(ROWS)) {
      float[] logits = target.logits(Batches.of(cache, rows, mask, ROWS));
      Sampling sampling = new Sampling(temperature, topK, topP);
      Choices choices = new Choices();
      for (int row = 0; row < ROWS; row++) {
        choices.add(row, sampling, uniform[row]);
      }
      TargetModel.Pass pass = target.verify(Batches.of(cache, rows, mask, ROWS), choices);
      pass.features().close();
      for (int row = 0; row < ROWS; row++) {
        double[] p = distribution(logits, row, temperature, topK, topP);
        assertThat(pass.tokens()[row]).isEqualTo(inverse(p, uniform[row] * 0x1p-53));
      }
    }
  }

  private static double[] distribution(
      float[] logits, int row, double temperature, int topK, double topP) {
    double[] p = new double[VOCABULARY];
    Arrays.setAll(p, id -> Math.exp(logits[row * VOCABULARY + id] / temperature));
    normalise(p);
    Integer[] order = new Integer[VOCABULARY];
    Arrays.setAll(order, id -> id);
    Arrays.sort(order, Comparator.comparingDouble(id -> -p[id]));
    for (int rank = topK; topK > 0 && rank < VOCABULARY; rank++) {
      p[order[rank]] = 0;
    }
    normalise(p);
    double before = 0;
    for (int id : order) {
      double own = p[id];
      if (before >= topP) {
        p[id] = 0;
      }
      before += own;
    }
    normalise(p);
    return p;
  }

  private static void normalise(double[] p) {
    double total = Arrays.stream(p).sum();
    Arrays.setAll(p, id -> p[id] / total);
  }

  private static int inverse(double[] p, double number) {
    double mass = 0;
    int last = 0;
    for (int id = 0; id < p.length; id++) {
      mass += p[id];
      if (p[id] > 0) {
        last = id;
        if (mass > number) {
          return id;
        }
      }
    }
    return last;
  }
}
