package io.heterospec.processor.engine;

/**
 * The random number of a token: a hash of the generation's seed and the token's absolute position.
 * It depends on nothing else, so every policy, and a generation resumed after a crash, draws the
 * same.
 */
final class PositionRandom {
  /** Bits of a number. */
  static final int BITS = 53;

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private PositionRandom() {}

  /** A number in [0, 2⁵³). */
  static long at(long seed, int position) {
    // The seed is mixed first: neighbouring seeds must not give shifted copies of one stream.
    return mix(mix(seed + GOLDEN_GAMMA) + GOLDEN_GAMMA * (position + 1L)) >>> (Long.SIZE - BITS);
  }

  // Finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
  private static long mix(long z) {
    long x = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
    return x ^ (x >>> 31);
  }
}
