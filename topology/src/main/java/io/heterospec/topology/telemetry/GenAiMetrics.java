package io.heterospec.topology.telemetry;

import io.heterospec.processor.kv.CacheTier;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.Timings;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import java.util.List;
import java.util.Locale;

/**
 * What finished requests tell, by OpenTelemetry's conventions for generative AI. Times are those of
 * the processor: a client's also hold its way through the topics.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/">GenAI
 *     metrics</a>
 */
final class GenAiMetrics {
  private static final AttributeKey<String> OPERATION =
      AttributeKey.stringKey("gen_ai.operation.name");
  private static final AttributeKey<String> PROVIDER =
      AttributeKey.stringKey("gen_ai.provider.name");
  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("gen_ai.request.model");
  private static final AttributeKey<String> TOKEN_TYPE =
      AttributeKey.stringKey("gen_ai.token.type");
  private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
  private static final AttributeKey<String> TIER = AttributeKey.stringKey("heterospec.cache.tier");

  // The buckets that the conventions advise.
  private static final List<Double> FIRST_TOKEN_SECONDS =
      List.of(
          0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5,
          10.0);
  private static final List<Double> TOKEN_SECONDS =
      List.of(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5);
  private static final List<Double> REQUEST_SECONDS =
      List.of(
          0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);
  private static final List<Long> TOKENS =
      List.of(1L, 4L, 16L, 64L, 256L, 1024L, 4096L, 16384L, 65536L, 262144L, 1048576L, 4194304L);

  private final DoubleHistogram timeToFirstToken;
  private final DoubleHistogram timePerOutputToken;
  private final DoubleHistogram duration;
  private final LongHistogram tokens;
  private final LongCounter cachedTokens;
  private final LongCounter turns;

  GenAiMetrics(Meter meter) {
    timeToFirstToken =
        seconds(
            meter,
            "gen_ai.server.time_to_first_token",
            "From admission to the first token",
            FIRST_TOKEN_SECONDS);
    timePerOutputToken =
        seconds(
            meter,
            "gen_ai.server.time_per_output_token",
            "Mean time of a token after the first",
            TOKEN_SECONDS);
    duration =
        seconds(
            meter,
            "gen_ai.server.request.duration",
            "From admission to the end of the request",
            REQUEST_SECONDS);
    tokens =
        meter
            .histogramBuilder("gen_ai.client.token.usage")
            .setUnit("{token}")
            .setDescription("Tokens of a request's prompt and answer")
            .ofLongs()
            .setExplicitBucketBoundariesAdvice(TOKENS)
            .build();
    cachedTokens =
        meter
            .counterBuilder("heterospec.session.cached_tokens")
            .setUnit("{token}")
            .setDescription("Prompt tokens that were found in a cache")
            .build();
    turns =
        meter
            .counterBuilder("heterospec.session.turns")
            .setUnit("{turn}")
            .setDescription("Finished turns of sessions, by where their cache was found")
            .build();
  }

  private static DoubleHistogram seconds(
      Meter meter, String name, String description, List<Double> bounds) {
    return meter
        .histogramBuilder(name)
        .setUnit("s")
        .setDescription(description)
        .setExplicitBucketBoundariesAdvice(bounds)
        .build();
  }

  void finished(Completion completion) {
    AttributesBuilder builder =
        Attributes.builder()
            .put(OPERATION, "chat")
            .put(PROVIDER, "heterospec")
            .put(MODEL, completion.getModel());
    if (completion.getFinishReason() == FinishReason.FAILED && completion.getError() != null) {
      builder.put(ERROR, completion.getError().getCode());
    }
    Attributes request = builder.build();
    Timings times = completion.getTimings();
    double beforeDecoding = (times.getQueueMs() + times.getPrefillMs()) / 1e3;
    double decoding = times.getDecodeMs() / 1e3;
    duration.record(beforeDecoding + decoding, request);
    int prompt = completion.getUsage().getPromptTokens();
    if (prompt == 0) {
      return; // it never came to the engine
    }
    int answer = completion.getUsage().getCompletionTokens();
    tokens.record(prompt, request.toBuilder().put(TOKEN_TYPE, "input").build());
    tokens.record(answer, request.toBuilder().put(TOKEN_TYPE, "output").build());
    int cycles =
        completion.getSpeculation() == null ? 0 : completion.getSpeculation().getTargetCalls();
    if (cycles > 0) {
      // Cycles of a request take about the same time, and the first brings the first token.
      double cycle = decoding / cycles;
      timeToFirstToken.record(beforeDecoding + cycle, request);
      if (answer > 1) {
        timePerOutputToken.record((decoding - cycle) / (answer - 1), request);
      }
    }
  }

  /** Where a session's turn found its cache. */
  void turn(CacheTier tier, int cached) {
    Attributes where = Attributes.of(TIER, tier.name().toLowerCase(Locale.ROOT));
    turns.add(1, where);
    cachedTokens.add(cached, where);
  }
}
