package io.heterospec.topology.cli;

/** Options that count something. */
final class Positive {
  private Positive() {}

  /**
   * @throws UsageException when it is less than 1
   */
  static void require(String option, int value) {
    if (value < 1) {
      throw new UsageException("%s must be 1 or more, got %d".formatted(option, value));
    }
  }
}
