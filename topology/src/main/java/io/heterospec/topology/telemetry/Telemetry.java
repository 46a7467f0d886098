package io.heterospec.topology.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The OpenTelemetry SDK, configured by its own standard variables and properties ({@code
 * OTEL_METRICS_EXPORTER=otlp}, {@code otel.exporter.prometheus.port}, …). Nothing leaves the
 * process unless they ask for it, or somebody reads {@link #writeMetrics}.
 */
public final class Telemetry implements AutoCloseable {
  /** Content type of {@link #writeMetrics}. */
  public static final String METRICS_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final List<String> NONE = List.of("none");

  private final OpenTelemetrySdk sdk;
  private final PrometheusMetricReader metrics;
  private final PrometheusTextFormatWriter format = PrometheusTextFormatWriter.create();

  private final boolean exportsTraces;

  private Telemetry(OpenTelemetrySdk sdk, PrometheusMetricReader metrics, boolean exportsTraces) {
    this.sdk = sdk;
    this.metrics = metrics;
    this.exportsTraces = exportsTraces;
  }

  /**
   * @param role becomes part of the service name
   */
  public static Telemetry open(String role) {
    Map<String, String> defaults = new HashMap<>();
    defaults.put("otel.service.name", "heterospec-" + role);
    defaults.put("otel.metrics.exporter", "none");
    defaults.put("otel.traces.exporter", "none");
    defaults.put("otel.logs.exporter", "none");
    // Safe by default: the Prometheus exporter would otherwise listen on every interface.
    defaults.put("otel.exporter.prometheus.host", "127.0.0.1");
    PrometheusMetricReader metrics = new PrometheusMetricReader(false, attribute -> false);
    AtomicBoolean exportsTraces = new AtomicBoolean();
    OpenTelemetrySdk sdk =
        AutoConfiguredOpenTelemetrySdk.builder()
            .addPropertiesSupplier(() -> defaults)
            .addMeterProviderCustomizer(
                (provider, config) -> provider.registerMetricReader(metrics))
            .addTracerProviderCustomizer(
                (provider, config) -> {
                  exportsTraces.set(!NONE.equals(config.getList("otel.traces.exporter")));
                  return provider;
                })
            .disableShutdownHook()
            .build()
            .getOpenTelemetrySdk();
    return new Telemetry(sdk, metrics, exportsTraces.get());
  }

  public OpenTelemetrySdk sdk() {
    return sdk;
  }

  /**
   * The traces of requests. Where none are exported, the contexts that others sent are passed on
   * unchanged.
   */
  public RequestTraces traces() {
    return new RequestTraces(exportsTraces ? sdk : OpenTelemetry.propagating(sdk.getPropagators()));
  }

  /** Writes the present value of every metric in Prometheus' text format. */
  public void writeMetrics(OutputStream out) throws IOException {
    format.write(out, metrics.collect());
  }

  @Override
  public void close() {
    sdk.close();
  }
}
