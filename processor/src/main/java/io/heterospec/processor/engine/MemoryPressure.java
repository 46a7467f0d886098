package io.heterospec.processor.engine;

/**
 * What is given up, step by step, when the device's memory runs out: speculation for a while, then
 * the caches of idle sessions, then single requests, and the device itself only when that repeats
 * without any cycle in between. Counts; others act. Belongs to the engine's thread.
 */
final class MemoryPressure {
  /** Cycles without speculation after the first time; twice as many each time it comes again. */
  static final int FIRST_PAUSE = 64;

  /** Features wait for the head meanwhile, so a pause has an end. */
  private static final int LONGEST_PAUSE = 256;

  /** Requests that fail one after another before the device is given up. */
  static final int MOST_FAILURES = 3;

  /** What to give up. */
  enum Relief {
    SPECULATION("trees are not drafted for a while"),
    SESSIONS("caches of idle sessions are dropped"),
    REQUEST("a request gives way"),
    DEVICE("nothing is left to give up");

    private final String description;

    Relief(String description) {
      this.description = description;
    }

    String description() {
      return description;
    }
  }

  private int pause = FIRST_PAUSE;
  private int pausedCycles; // still to come
  private int speculatedCycles = FIRST_PAUSE; // since the last pause
  private int failures; // since the last cycle

  /**
   * The next step after memory ran out; it is taken.
   *
   * @param drafting whether a sequence speculates
   * @param parked whether idle sessions have caches on the device
   */
  Relief next(boolean drafting, boolean parked) {
    if (drafting && speculates()) {
      pause = speculatedCycles < pause ? Math.min(LONGEST_PAUSE, 2 * pause) : FIRST_PAUSE;
      pausedCycles = pause;
      speculatedCycles = 0;
      return Relief.SPECULATION;
    }
    if (parked) {
      return Relief.SESSIONS;
    }
    return ++failures > MOST_FAILURES ? Relief.DEVICE : Relief.REQUEST;
  }

  /** Whether trees may be drafted in the next cycle. */
  boolean speculates() {
    return pausedCycles == 0;
  }

  /** Notes that a cycle had the memory it needed. */
  void cycleDone() {
    failures = 0;
    if (pausedCycles > 0) {
      pausedCycles--;
    } else {
      speculatedCycles++;
    }
  }
}
