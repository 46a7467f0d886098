package io.heterospec.topology.telemetry;

import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.HashMap;
import java.util.Map;

/**
 * The OpenTelemetry SDK, configured by its own standard variables and properties ({@code
 * OTEL_METRICS_EXPORTER=otlp}, {@code otel.exporter.prometheus.port}, …). Nothing is exported
 * unless they ask for it.
 */
public final class Telemetry {
  private Telemetry() {}

  /**
   * @param role becomes part of the service name
   */
  public static OpenTelemetrySdk open(String role) {
    Map<String, String> defaults = new HashMap<>();
    defaults.put("otel.service.name", "heterospec-" + role);
    defaults.put("otel.metrics.exporter", "none");
    defaults.put("otel.traces.exporter", "none");
    defaults.put("otel.logs.exporter", "none");
    // Safe by default: the Prometheus exporter would otherwise listen on every interface.
    defaults.put("otel.exporter.prometheus.host", "127.0.0.1");
    return AutoConfiguredOpenTelemetrySdk.builder()
        .addPropertiesSupplier(() -> defaults)
        .disableShutdownHook()
        .build()
        .getOpenTelemetrySdk();
  }
}
