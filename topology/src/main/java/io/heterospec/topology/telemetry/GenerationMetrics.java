package io.heterospec.topology.telemetry;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.schemas.PendingGeneration;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import java.time.Instant;

/**
 * The metrics of a processor. Names follow OpenTelemetry's conventions for generative AI where one
 * exists ({@code gen_ai.…}); the others are {@code heterospec.…}. No attribute holds prompt text or
 * ids.
 */
public final class GenerationMetrics implements AutoCloseable {
  private final SpeculationMetrics speculation;
  private final RequestMetrics requests;
  private final LongCounter duplicates;
  private final LongCounter retries;
  private final LongUpDownCounter pending;
  private final ObservableLongGauge load;

  /**
   * @param engine whose load is observed, or null for none
   */
  public GenerationMetrics(OpenTelemetry telemetry, DecodeEngine engine) {
    Meter meter = telemetry.getMeter(GenAi.SCOPE);
    Instruments instruments = new Instruments(meter);
    speculation = new SpeculationMetrics(instruments);
    requests = new RequestMetrics(instruments);
    duplicates =
        instruments.counter("heterospec.duplicates", "{request}", "Prompt events seen before");
    retries =
        instruments.counter("heterospec.retries", "{attempt}", "Attempts after an engine failure");
    pending =
        meter
            .upDownCounterBuilder("heterospec.pending")
            .setUnit("{request}")
            .setDescription("Requests of this process's tasks without a completion yet")
            .build();
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
    speculation.cycle(step.cycle());
  }

  /** The first text of a request is published. */
  public void firstToken(PendingGeneration generation, Instant now) {
    requests.firstToken(generation, now);
  }

  /** A request's end. */
  public void finished(GenerationEnd end) {
    requests.finished(end);
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

  @Override
  public void close() {
    if (load != null) {
      load.close();
    }
  }
}
