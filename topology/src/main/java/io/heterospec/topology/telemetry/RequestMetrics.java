package io.heterospec.topology.telemetry;

import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.Timings;
import io.heterospec.schemas.Usage;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * Requests as OpenTelemetry's conventions for generative AI measure them, and where their time
 * went. Times count from a request's arrival at the processor; its wait in Kafka before is the
 * consumer's lag.
 */
final class RequestMetrics {
  private static final AttributeKey<String> PHASE = AttributeKey.stringKey("heterospec.phase");

  // The conventions' buckets; below 10 ms a token they have none.
  private static final List<Double> DURATION =
      List.of(
          0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);
  private static final List<Double> FIRST_TOKEN =
      List.of(
          0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5,
          10.0);
  private static final List<Double> PER_TOKEN =
      List.of(
          0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0,
          2.5);
  private static final List<Double> TOKENS =
      List.of(1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0);

  private final LongCounter completions;
  private final DoubleHistogram duration;
  private final DoubleHistogram firstToken;
  private final DoubleHistogram perToken;
  private final DoubleHistogram usage;
  private final DoubleHistogram phases;
  private final LongCounter turns;
  private final LongCounter cachedTokens;

  RequestMetrics(Instruments instruments) {
    completions = instruments.counter("heterospec.completions", "{request}", "Finished requests");
    duration =
        instruments.histogram(
            "gen_ai.server.request.duration", "s", "Time from arrival to the end", DURATION);
    firstToken =
        instruments.histogram(
            "gen_ai.server.time_to_first_token",
            "s",
            "Time from arrival until the first text is published",
            FIRST_TOKEN);
    perToken =
        instruments.histogram(
            "gen_ai.server.time_per_output_token",
            "s",
            "Time of a token after those of the first cycle",
            PER_TOKEN);
    usage =
        instruments.histogram(
            "gen_ai.client.token.usage", "{token}", "Tokens of prompts and of answers", TOKENS);
    phases =
        instruments.histogram(
            "heterospec.request.phase.duration", "s", "Time of a request's phases", DURATION);
    turns =
        instruments.counter(
            "heterospec.session.turns",
            "{turn}",
            "Turns of sessions, by where their earlier tokens were found");
    cachedTokens =
        instruments.counter(
            "heterospec.session.cached_tokens",
            "{token}",
            "Tokens of those turns that were not computed again");
  }

  /** The first text of a request is published. */
  void firstToken(PendingGeneration pending, Instant now) {
    double seconds = Duration.between(pending.getEnqueuedAt(), now).toMillis() / 1e3;
    firstToken.record(seconds, attributes(pending));
  }

  void finished(GenerationEnd end) {
    Attributes request = attributes(end.pending());
    completions.add(1, request.toBuilder().put(GenAi.FINISH_REASON, end.finishReason()).build());
    Attributes outcome =
        end.error() == null
            ? request
            : request.toBuilder().put(GenAi.ERROR_TYPE, end.error()).build();
    duration.record(end.duration().toMillis() / 1e3, outcome);
    if (end.succeeded() && !Double.isNaN(end.secondsPerToken())) {
      perToken.record(end.secondsPerToken(), request);
    }
    if (end.cacheTier() != null) {
      ran(end, request);
    }
  }

  private void ran(GenerationEnd end, Attributes request) {
    Usage tokens = end.completion().getUsage();
    usage(tokens.getPromptTokens(), "input", request);
    usage(tokens.getCompletionTokens(), "output", request);
    Timings timings = end.completion().getTimings();
    phase("queue", timings.getQueueMs());
    phase("prefill", timings.getPrefillMs());
    phase("decode", timings.getDecodeMs());
    if (end.prompt().getSessionId() != null) {
      Attributes tier =
          Attributes.of(GenAi.CACHE_TIER, end.cacheTier().name().toLowerCase(Locale.ROOT));
      turns.add(1, tier);
      cachedTokens.add(tokens.getCachedTokens(), tier);
    }
  }

  private void usage(int tokens, String type, Attributes request) {
    usage.record(tokens, request.toBuilder().put(GenAi.TOKEN_TYPE, type).build());
  }

  private void phase(String name, double millis) {
    phases.record(millis / 1e3, Attributes.of(PHASE, name));
  }

  private static Attributes attributes(PendingGeneration pending) {
    return Attributes.of(
        GenAi.OPERATION_NAME, GenAi.operation(pending.getRequest().getPrompt()),
        GenAi.PROVIDER_NAME, GenAi.PROVIDER,
        GenAi.REQUEST_MODEL, pending.getRequest().getModel());
  }
}
