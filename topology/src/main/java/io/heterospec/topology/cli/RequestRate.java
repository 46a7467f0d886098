package io.heterospec.topology.cli;

import picocli.CommandLine.Option;

/** Whether a load is closed, with so many requests in flight, or open, with so many a second. */
final class RequestRate {
  @Option(
      names = "--request-rate",
      paramLabel = "R",
      description =
          "Requests a second instead, at random times as from many users (a Poisson process),"
              + " however many are in flight; --concurrency is then the most that decode at a"
              + " time, and the others wait.")
  Double perSecond; // null for a closed loop

  /** Whether requests arrive at a rate. */
  boolean isOpen() {
    return perSecond != null;
  }

  /**
   * @throws UsageException when the rate is not a finite number above 0
   */
  void require() {
    if (isOpen() && !(perSecond > 0 && Double.isFinite(perSecond))) {
      throw new UsageException("--request-rate must be a finite number above 0, got " + perSecond);
    }
  }

  /**
   * @param concurrency requests in flight where no rate is given
   * @param seed of the arrivals where one is
   */
  Pace pace(int concurrency, long seed) {
    return isOpen() ? Pace.poisson(perSecond, seed) : Pace.closedLoop(concurrency);
  }
}
