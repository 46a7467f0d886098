package io.heterospec.processor.model;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The rows of a pass after which the target chooses a next token, and how it chooses. Reused from
 * pass to pass. Not safe for use by several threads.
 */
public final class Choices {
  private int[] rows = new int[64];
  private long[] uniform = new long[64];
  private Sampling[] sampling = new Sampling[64];
  private int count;

  /** Greedy choices after each of so many rows. */
  public static Choices afterEach(int rows) {
    Choices choices = new Choices();
    for (int row = 0; row < rows; row++) {
      choices.add(row, Sampling.GREEDY, 0);
    }
    return choices;
  }

  /** Forgets all. */
  public void reset() {
    count = 0;
  }

  /**
   * Adds a choice.
   *
   * @param row of the batch
   * @param how temperature and limits
   * @param random an integer in [0, 2⁵³); not read where the choice is greedy
   * @return index of the choice among those of the pass
   */
  public int add(int row, Sampling how, long random) {
    if (count == rows.length) {
      rows = Arrays.copyOf(rows, 2 * count);
      uniform = Arrays.copyOf(uniform, 2 * count);
      sampling = Arrays.copyOf(sampling, 2 * count);
    }
    rows[count] = row;
    sampling[count] = how;
    uniform[count] = random;
    return count++;
  }

  /** How many there are. */
  public int count() {
    return count;
  }

  int row(int choice) {
    return rows[choice];
  }

  long uniform(int choice) {
    return uniform[choice];
  }

  Sampling sampling(int choice) {
    return sampling[choice];
  }

  boolean allAlike() {
    return IntStream.range(1, count).allMatch(i -> sampling[i].equals(sampling[0]));
  }
}
