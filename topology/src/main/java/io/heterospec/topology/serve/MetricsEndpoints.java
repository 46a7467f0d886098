package io.heterospec.topology.serve;

import io.heterospec.topology.telemetry.Telemetry;
import io.javalin.Javalin;

/** {@code /metrics}: the process's metrics in Prometheus' text format. */
public final class MetricsEndpoints implements Endpoints {
  private final Telemetry telemetry;

  public MetricsEndpoints(Telemetry telemetry) {
    this.telemetry = telemetry;
  }

  @Override
  public void addTo(Javalin http) {
    http.get(
        "/metrics",
        ctx -> {
          ctx.contentType(Telemetry.METRICS_TYPE);
          telemetry.writeMetrics(ctx.outputStream());
        });
  }
}
