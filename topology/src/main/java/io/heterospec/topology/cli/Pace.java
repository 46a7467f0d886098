package io.heterospec.topology.cli;

import java.util.SplittableRandom;

/** When the requests of a load are sent. Not safe for use by several threads. */
interface Pace {
  /** The wait of a load whose next request follows only the end of another. */
  long UNTIL_ONE_ENDS = Long.MAX_VALUE;

  /**
   * @param inFlight requests that were sent and have not ended
   * @param elapsedNanos time since the start of the load
   * @return nanoseconds until the next request is due, 0 or less where it is due now, or {@link
   *     #UNTIL_ONE_ENDS}
   */
  long nanosToNext(int inFlight, long elapsedNanos);

  /** Notes that the next request was sent. */
  void sent();

  /** So many are in flight: as one ends the next is sent. */
  static Pace closedLoop(int concurrency) {
    return new Pace() {
      @Override
      public long nanosToNext(int inFlight, long elapsedNanos) {
        return inFlight < concurrency ? 0 : UNTIL_ONE_ENDS;
      }

      @Override
      public void sent() {
        // what is in flight says it all
      }
    };
  }

  /**
   * An open loop: requests arrive as those of many users who do not know of each other, whatever is
   * still in flight. The times between them are exponentially distributed.
   *
   * @param perSecond mean number of requests in a second
   * @param seed of the times: the same seed gives the same arrivals
   */
  static Pace poisson(double perSecond, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new Pace() {
      private double arrival = gap(); // nanoseconds since the start

      private double gap() {
        return random.nextExponential() * 1e9 / perSecond;
      }

      @Override
      public long nanosToNext(int inFlight, long elapsedNanos) {
        return (long) Math.ceil(arrival - elapsedNanos);
      }

      @Override
      public void sent() {
        arrival += gap();
      }
    };
  }
}
