package io.heterospec.topology.serve;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** So many requests a minute for each holder of a key. */
final class RateLimits {
  private final int perMinute;
  private final Map<String, Bucket> buckets = new ConcurrentHashMap<>(); // one for each key

  /**
   * @param perMinute 0 for no limit
   */
  RateLimits(int perMinute) {
    this.perMinute = perMinute;
  }

  /**
   * Counts a request.
   *
   * @throws ApiError with status 429 when there were too many
   */
  void count(String holder) {
    if (perMinute == 0) {
      return;
    }
    ConsumptionProbe probe =
        buckets
            .computeIfAbsent(
                holder,
                key ->
                    Bucket.builder()
                        .addLimit(
                            limit ->
                                limit
                                    .capacity(perMinute)
                                    .refillGreedy(perMinute, Duration.ofMinutes(1)))
                        .build())
            .tryConsumeAndReturnRemaining(1);
    if (!probe.isConsumed()) {
      throw ApiError.tooMany(
          "rate_limit_exceeded",
          "more than %d requests a minute; try again later".formatted(perMinute),
          Duration.ofNanos(probe.getNanosToWaitForRefill()));
    }
  }
}
