package io.heterospec.processor.engine;

import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.ModelSize;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Dtype;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * What a model pair needs on its device, reckoned before anything is loaded: a process that takes
 * more than there is would be killed without a word.
 *
 * @param weights bytes of the weights of both, and of their rotary tables
 * @param workspace bytes for a pass, or for the layer that is there twice while it is packed
 * @param caches most bytes that the caches get
 */
record MemoryPlan(long weights, long workspace, long caches) {
  /** Left to the program itself, and to what else runs on the machine. */
  private static final long RESERVE = 512L << 20;

  /** Caches for sequences of fewer tokens would be of no use. */
  private static final int LEAST_TOKENS = 512;

  /**
   * The plan for a pair.
   *
   * @param draft the head, or null
   * @param available bytes the device has left, or empty where that is unknown
   * @throws IllegalArgumentException when the pair does not fit; the message says what would
   */
  static MemoryPlan of(
      EngineOptions options,
      TargetCheckpoint target,
      DraftCheckpoint draft,
      Dtype dtype,
      OptionalLong available) {
    ModelSize size = ModelSize.of(target, draft);
    long weights = size.values() * dtype.bytes();
    long rows = Math.max(options.prefillChunk(), 64);
    long workspace =
        Math.max(
            size.largestValues() * dtype.bytes(),
            rows * size.rowValues() * dtype.bytes()
                + (long) options.maxLive() * size.vocabulary() * Float.BYTES * 2);
    if (available.isEmpty()) {
      return new MemoryPlan(weights, workspace, options.cacheBytes());
    }
    long left = available.getAsLong() - RESERVE - weights - workspace;
    long perToken = size.cacheValuesPerToken() * dtype.bytes();
    long least = Math.min(options.cacheBytes(), Math.max(1, LEAST_TOKENS * perToken));
    if (left < least) {
      throw refusal(
          options, size, dtype, weights + workspace + least + RESERVE, available.getAsLong());
    }
    return new MemoryPlan(weights, workspace, Math.min(options.cacheBytes(), left));
  }

  private static IllegalArgumentException refusal(
      EngineOptions options, ModelSize size, Dtype dtype, long need, long available) {
    long half = need - size.values() * (dtype.bytes() - Dtype.BF16.bytes());
    String remedy =
        half < need && half <= available
            ? "--dtype bf16 would fit, with about " + gigabytes(half)
            : "use a smaller model, or a device with more memory";
    if (options.draft() != null) {
      long alone = need - size.headValues() * dtype.bytes();
      remedy = alone <= available ? "without --draft it would fit" : remedy;
    }
    return new IllegalArgumentException(
        "%s needs about %s on %s (%s of weights in %s, the rest workspace and caches of %d tokens), and %s are free; %s"
            .formatted(
                options.model(),
                gigabytes(need),
                options.device(),
                gigabytes(size.values() * dtype.bytes()),
                dtype.label(),
                LEAST_TOKENS,
                gigabytes(available),
                remedy));
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1 << 30));
  }
}
