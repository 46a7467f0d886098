package io.heterospec.topology.cli;

import io.heterospec.schemas.GenerationDelta;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Times answers by their deltas: from the publishing of a prompt to its first delta, and from one
 * delta to the next. Safe for use by many threads.
 */
final class DeltaTimes {
  private static final class Clock {
    long lastNanos; // of the publishing, then of the last delta
    int tokens;

    Clock(long publishedNanos) {
      lastNanos = publishedNanos;
    }
  }

  private final Map<String, Clock> clocks = new HashMap<>(); // guarded by this
  private final List<Double> msToFirstToken = new ArrayList<>(); // guarded by this
  private final List<Double> msPerToken = new ArrayList<>(); // guarded by this

  /** Starts the clock of a request that is about to be published. */
  synchronized void publishing(String requestId, long nowNanos) {
    clocks.put(requestId, new Clock(nowNanos));
  }

  /** Takes the time of a delta. Tokens that came before, of a transaction undone, do not count. */
  synchronized void add(GenerationDelta delta, long nowNanos) {
    Clock clock = clocks.get(delta.getRequestId());
    int end = delta.getTokenOffset() + delta.getTokenIds().size();
    if (clock == null || end <= clock.tokens) {
      return;
    }
    int fresh = end - clock.tokens;
    double ms = (nowNanos - clock.lastNanos) / 1e6;
    if (clock.tokens == 0) {
      msToFirstToken.add(ms);
    } else {
      for (int i = 0; i < fresh; i++) {
        msPerToken.add(ms / fresh);
      }
    }
    clock.tokens = end;
    clock.lastNanos = nowNanos;
  }

  /** Milliseconds to the first delta that a share of the requests does not exceed. */
  synchronized double msToFirstToken(double share) {
    return quantile(msToFirstToken, share);
  }

  /** Milliseconds per token after the first delta that a share of the tokens does not exceed. */
  synchronized double msPerToken(double share) {
    return quantile(msPerToken, share);
  }

  private static double quantile(List<Double> values, double share) {
    return Quantiles.nearestRank(values.stream().mapToDouble(Double::doubleValue).toArray(), share);
  }
}
