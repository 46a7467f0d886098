package io.heterospec.topology.telemetry;

import io.heterospec.processor.engine.CycleReport;
import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.SpeculationSummary;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import java.util.List;
import java.util.Locale;

/**
 * The application's metrics. Names follow OpenTelemetry's conventions for generative AI where one
 * exists ({@code gen_ai.…}); the others are {@code heterospec.…}. No attribute holds prompt text or
 * ids.
 */
public final class GenerationMetrics implements AutoCloseable {
  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("gen_ai.request.model");
  private static final AttributeKey<String> FINISH_REASON =
      AttributeKey.stringKey("heterospec.finish_reason");
  private static final AttributeKey<String> POLICY = AttributeKey.stringKey("heterospec.policy");
  private static final AttributeKey<Long> BIN = AttributeKey.longKey("heterospec.entropy_bin");
  private static final AttributeKey<String> PHASE = AttributeKey.stringKey("heterospec.phase");

  private static final List<Double> SECONDS =
      List.of(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0);
  private static final List<Double> TOKENS_PER_CYCLE =
      List.of(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0);
  private static final List<Double> NATS = List.of(0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0);

  private final GenAiMetrics genAi;
  private final LongCounter drafts;
  private final LongCounter completions;
  private final LongCounter duplicates;
  private final LongCounter retries;
  private final LongUpDownCounter pending;
  private final LongCounter outputTokens;
  private final LongCounter promptTokens;
  private final LongCounter targetCalls;
  private final LongCounter verifiedTokens;
  private final LongCounter draftedTokens;
  private final LongCounter acceptedTokens;
  private final DoubleHistogram acceptanceLength;
  private final DoubleHistogram entropy;
  private final DoubleHistogram phases;
  private final ObservableLongGauge load;

  /**
   * @param engine whose load is observed, or null for none
   */
  public GenerationMetrics(OpenTelemetry telemetry, DecodeEngine engine) {
    Meter meter = telemetry.getMeter("io.heterospec");
    genAi = new GenAiMetrics(meter);
    drafts = counter(meter, "heterospec.drafts", "{draft}", "Cycles that drafted");
    completions = counter(meter, "heterospec.completions", "{request}", "Finished requests");
    duplicates = counter(meter, "heterospec.duplicates", "{request}", "Prompt events seen before");
    retries = counter(meter, "heterospec.retries", "{attempt}", "Attempts after an engine failure");
    pending =
        meter
            .upDownCounterBuilder("heterospec.pending")
            .setUnit("{request}")
            .setDescription("Requests of this process's tasks without a completion yet")
            .build();
    outputTokens = counter(meter, "heterospec.output_tokens", "{token}", "Generated tokens");
    promptTokens = counter(meter, "heterospec.prompt_tokens", "{token}", "Tokens of prompts");
    targetCalls =
        counter(meter, "heterospec.target_calls", "{call}", "Decoding passes of the target");
    verifiedTokens =
        counter(meter, "heterospec.verified_tokens", "{token}", "Rows of those passes");
    draftedTokens = counter(meter, "heterospec.drafted_tokens", "{token}", "Drafted candidates");
    acceptedTokens = counter(meter, "heterospec.accepted_tokens", "{token}", "Accepted drafts");
    acceptanceLength =
        histogram(
            meter,
            "heterospec.acceptance_length",
            "{token}",
            "Tokens per target call",
            TOKENS_PER_CYCLE);
    entropy =
        histogram(
            meter, "heterospec.meta_path_entropy", "nat", "Cumulative meta-path entropy", NATS);
    phases =
        histogram(meter, "heterospec.request.duration", "s", "Time of a request's phases", SECONDS);
    load =
        engine == null
            ? null
            : meter
                .gaugeBuilder("heterospec.engine.load")
                .setUnit("{sequence}")
                .setDescription("Generations admitted or queued by the engine")
                .ofLongs()
                .buildWithCallback(gauge -> gauge.record(engine.load()));
  }

  /** One draft-verify cycle. */
  public void cycle(GenerationStep step) {
    CycleReport report = step.cycle();
    Attributes policy = Attributes.of(POLICY, report.policy());
    outputTokens.add(report.emitted(), policy);
    targetCalls.add(1, policy);
    verifiedTokens.add(report.verified(), policy);
    draftedTokens.add(report.candidates(), policy);
    acceptedTokens.add(report.accepted(), policy);
    if (report.candidates() > 0) {
      drafts.add(1, policy);
    }
    acceptanceLength.record(report.emitted(), policy);
    if (!Double.isNaN(report.entropy())) {
      entropy.record(
          report.entropy(), Attributes.of(POLICY, report.policy(), BIN, (long) report.bin()));
    }
  }

  /** A session's turn: where its cache was found, and how many tokens of it. */
  public void turn(CacheTier tier, int cachedTokens) {
    genAi.turn(tier, cachedTokens);
  }

  /** A request's end. */
  public void finished(Completion completion) {
    genAi.finished(completion);
    String reason = completion.getFinishReason().name().toLowerCase(Locale.ROOT);
    completions.add(1, Attributes.of(MODEL, completion.getModel(), FINISH_REASON, reason));
    promptTokens.add(completion.getUsage().getPromptTokens());
    SpeculationSummary speculation = completion.getSpeculation();
    if (speculation != null) {
      phase("queue", completion.getTimings().getQueueMs());
      phase("prefill", completion.getTimings().getPrefillMs());
      phase("decode", completion.getTimings().getDecodeMs());
    }
  }

  /** A prompt event that was seen before. */
  public void duplicate() {
    duplicates.add(1);
  }

  /** One more attempt after an engine failure. */
  public void retry() {
    retries.add(1);
  }

  /** A change of the number of requests that have no completion yet. */
  public void pending(int change) {
    pending.add(change);
  }

  private void phase(String name, double millis) {
    phases.record(millis / 1e3, Attributes.of(PHASE, name));
  }

  private static LongCounter counter(Meter meter, String name, String unit, String description) {
    return meter.counterBuilder(name).setUnit(unit).setDescription(description).build();
  }

  private static DoubleHistogram histogram(
      Meter meter, String name, String unit, String description, List<Double> bounds) {
    return meter
        .histogramBuilder(name)
        .setUnit(unit)
        .setDescription(description)
        .setExplicitBucketBoundariesAdvice(bounds)
        .build();
  }

  @Override
  public void close() {
    if (load != null) {
      load.close();
    }
  }
}
