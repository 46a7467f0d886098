package io.heterospec.topology.telemetry;

import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import java.util.List;

/** Creates instruments; each has a unit and a description. */
record Instruments(Meter meter) {

  LongCounter counter(String name, String unit, String description) {
    return meter.counterBuilder(name).setUnit(unit).setDescription(description).build();
  }

  /**
   * @param bounds upper bounds of the buckets, ascending
   */
  DoubleHistogram histogram(String name, String unit, String description, List<Double> bounds) {
    return meter
        .histogramBuilder(name)
        .setUnit(unit)
        .setDescription(description)
        .setExplicitBucketBoundariesAdvice(bounds)
        .build();
  }
}
