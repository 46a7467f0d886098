package io.heterospec.topology.cli;

/** Options that count something. */
final class AtLeast {
  private AtLeast() {}

  /**
   * @throws UsageException when it is less than {@code least}
   */
  static void require(String option, long value, long least) {
    if (value < least) {
      throw new UsageException("%s must be %d or more, got %d".formatted(option, least, value));
    }
  }
}
