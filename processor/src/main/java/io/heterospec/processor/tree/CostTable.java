package io.heterospec.processor.tree;

import java.util.Arrays;
import java.util.Objects;

/**
 * What the passes of a cycle cost on a device, in milliseconds, as measured: the target's pass by
 * rows, the head's level by rows and the head's first call, each by the sequences that share it.
 * Costs never fall with more rows or more sequences; between measured points they are linear,
 * beyond the last they go on with its slope.
 *
 * @param device what was measured: device, arithmetic type, threads, libraries, model pair
 * @param sequences measured numbers of sequences, ascending from 1
 * @param rows measured rows of one sequence, ascending from 1
 * @param verify {@code verify[s][r]}: a target pass of {@code sequences[s]} trees of {@code
 *     rows[r]} rows each
 * @param lone {@code lone[s][r]}: a target pass of one tree of {@code rows[r]} rows and a single
 *     row of each other sequence; attention pads the others to it or takes a further operation, so
 *     this costs more than its rows
 * @param level the same for a level of the head
 * @param extend {@code extend[s]}: the head's first call of a cycle, in which it reads {@link
 *     #USUAL_ROWS} context rows of each sequence
 * @param read what each further context row of a sequence takes the head before it
 */
public record CostTable(
    String device,
    int[] sequences,
    int[] rows,
    double[][] verify,
    double[][] lone,
    double[][] level,
    double[] extend,
    double read) {

  /** Context rows of each sequence in a measured first call of the head. */
  public static final int USUAL_ROWS = 2;

  /**
   * @throws IllegalArgumentException when sizes contradict each other or a cost is not positive
   */
  public CostTable {
    Objects.requireNonNull(device, "device");
    sequences = ascending("sequences", sequences);
    rows = ascending("rows", rows);
    verify = monotone("verify", verify, sequences.length, rows.length);
    lone = monotone("lone", lone, sequences.length, rows.length);
    level = monotone("level", level, sequences.length, rows.length);
    require(extend.length == sequences.length, "extend has " + extend.length + " values");
    extend = extend.clone();
    for (int s = extend.length - 1; s >= 0; s--) {
      require(extend[s] > 0, "extend holds a cost of " + extend[s]);
      extend[s] = s == extend.length - 1 ? extend[s] : Math.min(extend[s], extend[s + 1]);
    }
    require(read >= 0 && read < Double.POSITIVE_INFINITY, "read is a cost of " + read);
  }

  /**
   * A target pass over trees of different sizes.
   *
   * @param totalRows of all sequences, at least one each
   * @param tallest rows of the sequence with the most
   */
  public double verifyMs(int sequenceCount, double totalRows, double tallest) {
    double least = sequenceCount - 1 + tallest;
    double most = sequenceCount * tallest;
    double even = between(verify, sequenceCount, tallest);
    if (totalRows >= most || most <= least) {
      return even;
    }
    double uneven = Math.min(even, between(lone, sequenceCount, tallest));
    return uneven + (even - uneven) * Math.max(0, totalRows - least) / (most - least);
  }

  /**
   * A target pass over trees of the budget beside those of other policies, which may be taller.
   *
   * @param otherRows of sequences outside the budget
   * @param totalRows of all sequences, at least one each
   * @param tallest rows of the budget's sequence with the most
   */
  double verifyMs(int sequenceCount, int otherRows, double totalRows, double tallest) {
    return otherRows > 0
        ? verifyMs(sequenceCount, totalRows)
        : verifyMs(sequenceCount, totalRows, tallest);
  }

  /**
   * A target pass over trees of one size.
   *
   * @param totalRows of all sequences, at least one each
   */
  public double verifyMs(int sequenceCount, double totalRows) {
    return between(verify, sequenceCount, totalRows / sequenceCount);
  }

  /**
   * What a further row of a target pass costs: the slope of the lower convex hull of the measured
   * costs. What disturbs a measurement makes steps, whose own slopes are 0 or too steep to climb.
   *
   * @param rowsEach rows of each sequence so far, at least 1
   */
  public double rowMs(int sequenceCount, double rowsEach) {
    int from = 0;
    while (from < rows.length - 1) {
      int to = from + 1;
      double slope = slope(sequenceCount, from, to);
      for (int other = to + 1; other < rows.length; other++) {
        double flatter = slope(sequenceCount, from, other);
        if (flatter <= slope) {
          slope = flatter;
          to = other;
        }
      }
      if (rowsEach < rows[to] || to == rows.length - 1) {
        return slope;
      }
      from = to;
    }
    return 0;
  }

  private double slope(int sequenceCount, int from, int to) {
    double low = between(verify, sequenceCount, rows[from]);
    double high = between(verify, sequenceCount, rows[to]);
    return (high - low) / (rows[to] - rows[from]) / sequenceCount;
  }

  /** A level of the head over {@code totalRows} nodes of that many sequences' trees. */
  public double levelMs(int sequenceCount, double totalRows) {
    return between(level, sequenceCount, totalRows / sequenceCount);
  }

  /** The head's first call of a cycle: the usual context rows and proposals after the root. */
  public double extendMs(int sequenceCount) {
    if (sequenceCount <= 1 || extend.length == 1) {
      return sequenceCount == 0 ? 0 : extend[0];
    }
    int upper = upper(sequenceCount);
    return line(
        sequences[upper - 1], extend[upper - 1], sequences[upper], extend[upper], sequenceCount);
  }

  /**
   * What the head takes longer before it where it has so many context rows of a sequence to read.
   */
  public double readMs(int contextRows) {
    return read * Math.max(0, contextRows - USUAL_ROWS);
  }

  /** Index of the measured number of sequences next to {@code sequenceCount}, by its ratio. */
  int measured(int sequenceCount) {
    int best = 0;
    for (int i = 1; i < sequences.length; i++) {
      // Between two of them the limit is their geometric mean.
      if ((long) sequenceCount * sequenceCount > (long) sequences[i - 1] * sequences[i]) {
        best = i;
      }
    }
    return best;
  }

  private int upper(int sequenceCount) {
    int upper = 1;
    while (upper < sequences.length - 1 && sequences[upper] < sequenceCount) {
      upper++;
    }
    return upper;
  }

  private double between(double[][] table, int sequenceCount, double rowsEach) {
    if (sequenceCount == 1 || sequences.length == 1) {
      return along(table[0], rowsEach);
    }
    int upper = upper(sequenceCount);
    double high = along(table[upper], rowsEach);
    if (sequences[upper] == sequenceCount) {
      return high;
    }
    double low = along(table[upper - 1], rowsEach);
    return line(sequences[upper - 1], low, sequences[upper], high, sequenceCount);
  }

  private double along(double[] costs, double rowsEach) {
    if (costs.length == 1) {
      return costs[0];
    }
    int upper = 1;
    while (upper < costs.length - 1 && rows[upper] < rowsEach) {
      upper++;
    }
    return line(rows[upper - 1], costs[upper - 1], rows[upper], costs[upper], rowsEach);
  }

  private static double line(double x0, double y0, double x1, double y1, double x) {
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
  }

  private static int[] ascending(String what, int[] values) {
    require(values.length > 0 && values[0] == 1, what + " must begin with 1");
    for (int i = 1; i < values.length; i++) {
      require(values[i] > values[i - 1], what + " must ascend, got " + Arrays.toString(values));
    }
    return values.clone();
  }

  // What disturbs a measurement makes it longer, so a pass costs no more than any larger one did.
  private static double[][] monotone(String what, double[][] costs, int height, int width) {
    require(costs.length == height, what + " has " + costs.length + " lines instead of " + height);
    double[][] result = new double[height][];
    for (int s = 0; s < height; s++) {
      require(costs[s].length == width, what + " has a line of " + costs[s].length);
      result[s] = costs[s].clone();
    }
    for (int s = height - 1; s >= 0; s--) {
      for (int r = width - 1; r >= 0; r--) {
        require(
            costs[s][r] > 0 && costs[s][r] < Double.POSITIVE_INFINITY,
            what + " holds a cost of " + costs[s][r]);
        double right = r == width - 1 ? Double.POSITIVE_INFINITY : result[s][r + 1];
        double below = s == height - 1 ? Double.POSITIVE_INFINITY : result[s + 1][r];
        result[s][r] = Math.min(result[s][r], Math.min(right, below));
      }
    }
    return result;
  }

  private static void require(boolean valid, String message) {
    if (!valid) {
      throw new IllegalArgumentException("cost table: " + message);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CostTable that
        && device.equals(that.device)
        && Arrays.equals(sequences, that.sequences)
        && Arrays.equals(rows, that.rows)
        && Arrays.deepEquals(verify, that.verify)
        && Arrays.deepEquals(lone, that.lone)
        && Arrays.deepEquals(level, that.level)
        && Arrays.equals(extend, that.extend)
        && read == that.read;
  }

  @Override
  public int hashCode() {
    return Objects.hash(device, Arrays.deepHashCode(verify));
  }
}
