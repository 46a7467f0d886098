package io.heterospec.topology.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.telemetry.RequestTraces;
import io.javalin.http.Context;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TracedCallsTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String CALLER = "b7ad6b7169203331";
  private static final String SECRET = "xyzzy-secret";

  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final OpenTelemetrySdk telemetry =
      OpenTelemetrySdk.builder()
          .setTracerProvider(
              SdkTracerProvider.builder()
                  .addSpanProcessor(SimpleSpanProcessor.create(spans))
                  .build())
          .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
          .build();

  @AfterEach
  void stop() {
    telemetry.close();
  }

  // Answers with the headers that a prompt would get.
  private static void handedOn(Context ctx) {
    ctx.result(TracedCalls.headers(ctx).toString());
  }

  private static WebServer start(RequestTraces traces) {
    WebSettings settings =
        WebSettings.of(HeteroSpecConfig.fromMap(Map.of(HeteroSpecConfig.HTTP_PORT, "0")));
    return WebServer.start(
        settings,
        List.<Endpoints>of(
            new TracedCalls(traces),
            http -> http.post("/v1/texts/{id}", TracedCallsTest::handedOn),
            http ->
                http.post(
                    "/v1/later",
                    ctx ->
                        ctx.future(
                            () ->
                                CompletableFuture.runAsync(
                                    () -> handedOn(ctx),
                                    CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS)))),
            http ->
                http.post(
                    "/v1/broken",
                    ctx -> {
                      throw new IllegalStateException(SECRET);
                    }),
            http -> http.post("/other", TracedCallsTest::handedOn)));
  }

  private static HttpResponse<String> post(WebServer server, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .header("Content-Type", "application/json")
            .header("Traceparent", "00-%s-%s-01".formatted(TRACE, CALLER))
            .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"" + SECRET + "\"}"))
            .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aCallIsPartOfItsCallersTraceAndWhatItSendsIsPartOfTheCall() throws Exception {
    try (WebServer server = start(new RequestTraces(telemetry))) {
      String handedOn = post(server, "/v1/texts/7?q=" + SECRET).body();
      SpanData span = onlySpan();
      assertThat(span.getName()).isEqualTo("POST /v1/texts/{id}");
      assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
      assertThat(span.getTraceId()).isEqualTo(TRACE);
      assertThat(span.getParentSpanId()).isEqualTo(CALLER);
      assertThat(span.getAttributes().get(AttributeKey.stringKey("http.route")))
          .isEqualTo("/v1/texts/{id}");
      assertThat(span.getAttributes().get(AttributeKey.longKey("http.response.status_code")))
          .isEqualTo(200);
      assertThat(handedOn).contains("traceparent=00-%s-%s-01".formatted(TRACE, span.getSpanId()));
      assertThat(span.toString()).doesNotContain(SECRET);
    }
  }

  @Test
  void aCallThatIsAnsweredLaterEndsWithItsAnswer() throws Exception {
    try (WebServer server = start(new RequestTraces(telemetry))) {
      String handedOn = post(server, "/v1/later").body();
      assertThat(handedOn).contains(onlySpan().getSpanId());
    }
  }

  @Test
  void aFailureIsMarkedAndNotQuoted() throws Exception {
    try (WebServer server = start(new RequestTraces(telemetry))) {
      assertThat(post(server, "/v1/broken").statusCode()).isEqualTo(500);
      assertThat(onlySpan().getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
      assertThat(onlySpan().toString()).doesNotContain(SECRET);
    }
  }

  @Test
  void aPathThatLeadsNowhereIsNotInTheSpansName() throws Exception {
    try (WebServer server = start(new RequestTraces(telemetry))) {
      assertThat(post(server, "/v1/nothing").statusCode()).isEqualTo(404);
      assertThat(onlySpan().getName()).isEqualTo("POST");
    }
  }

  @Test
  void whatIsNoCallOfTheApiIsNotTraced() throws Exception {
    try (WebServer server = start(new RequestTraces(telemetry))) {
      assertThat(post(server, "/other").body()).isEqualTo("{}");
      assertThat(spans.getFinishedSpanItems()).isEmpty();
    }
  }

  @Test
  void withoutAnExporterTheCallersContextIsHandedOnAsItCame() throws Exception {
    try (WebServer server =
        start(new RequestTraces(OpenTelemetry.propagating(telemetry.getPropagators())))) {
      assertThat(post(server, "/v1/texts/7").body())
          .contains("traceparent=00-%s-%s-01".formatted(TRACE, CALLER));
    }
  }

  // The span ends after the last byte was sent.
  private SpanData onlySpan() {
    return await().until(spans::getFinishedSpanItems, found -> found.size() == 1).get(0);
  }
}
