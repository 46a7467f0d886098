package io.heterospec.topology.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.engine.FinishReason;
import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.Sampling;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.Avro;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.HeteroSpecTopology;
import io.heterospec.topology.PlainAvro;
import io.heterospec.topology.telemetry.GenerationMetrics;
import io.heterospec.topology.telemetry.RequestTraces;
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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequestTracesTest {
  private static final String SECRET = "xyzzy-prompt-text";
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String CALLER = "b7ad6b7169203331";

  @TempDir Path directory;
  private final FakeEngine engine = new FakeEngine();
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
    engine.close();
  }

  private HeteroSpecConfig config() {
    return PlainAvro.config(directory, Map.of());
  }

  private static PromptEvent prompt(String id, String model) {
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setSessionId("session-1")
        .setModel(model)
        .setMessages(List.of(new ChatMessage("user", SECRET)))
        .setSampling(
            Sampling.newBuilder().setMaxTokens(20).setSeed(5).setStop(List.of(SECRET)).build())
        .build();
  }

  private static Map<String, String> headersOfTheCaller() {
    return new HashMap<>(Map.of("traceparent", "00-%s-%s-01".formatted(TRACE, CALLER)));
  }

  // The router's record of a prompt that was sent with these headers.
  private List<TestRecord<String, RoutedRequest>> route(
      RequestTraces traces, PromptEvent prompt, Map<String, String> headers) {
    HeteroSpecConfig config = config();
    Topics topics = config.topics();
    Avro avro = new Avro(config.clientSettings());
    RecordHeaders sent = new RecordHeaders();
    headers.forEach((name, value) -> sent.add(name, value.getBytes(StandardCharsets.UTF_8)));
    Topology router = new HeteroSpecTopology(config, traces).router();
    try (TopologyTestDriver driver = new TopologyTestDriver(router, config.routerProperties())) {
      driver
          .createInputTopic(
              topics.prompts(), new StringSerializer(), avro.serializer(PromptEvent.class))
          .pipeInput(new TestRecord<>("session-1", prompt, sent));
      return driver
          .createOutputTopic(
              topics.requests("default"),
              new StringDeserializer(),
              avro.deserializer(RoutedRequest.class))
          .readRecordsToList();
    }
  }

  private TopologyTestDriver processor(RequestTraces traces, TestRecord<String, RoutedRequest> in) {
    HeteroSpecConfig config = config();
    TopologyTestDriver driver =
        new TopologyTestDriver(
            new HeteroSpecTopology(config, traces)
                .processor(engine, new GenerationMetrics(OpenTelemetry.noop(), engine)),
            config.processorProperties());
    driver
        .createInputTopic(
            config.topics().requests("default"),
            new StringSerializer(),
            new Avro(config.clientSettings()).serializer(RoutedRequest.class))
        .pipeInput(in);
    return driver;
  }

  private Map<String, SpanData> byName() {
    return spans.getFinishedSpanItems().stream()
        .collect(Collectors.toMap(SpanData::getName, Function.identity()));
  }

  @Test
  void everyStageOfARequestIsInTheTraceOfItsCaller() {
    RequestTraces traces = new RequestTraces(telemetry);
    Map<String, String> headers = headersOfTheCaller();
    PromptEvent prompt = prompt("r1", "demo");
    traces.sending("heterospec.prompts", prompt, headers).end(null);
    TestRecord<String, RoutedRequest> routed = route(traces, prompt, headers).get(0);
    try (TopologyTestDriver driver = processor(traces, routed)) {
      engine.of("r1").step(1, 2, 3);
      engine.finish("r1", FinishReason.STOP);
      driver.advanceWallClockTime(Duration.ofMillis(10));
    }

    Map<String, SpanData> all = byName();
    assertThat(all)
        .containsOnlyKeys(
            "send heterospec.prompts",
            "process heterospec.prompts",
            "chat demo",
            "queue",
            "prefill",
            "decode");
    assertThat(all.values()).allMatch(span -> span.getTraceId().equals(TRACE));
    SpanData send = all.get("send heterospec.prompts");
    SpanData route = all.get("process heterospec.prompts");
    SpanData chat = all.get("chat demo");
    assertThat(send.getParentSpanId()).isEqualTo(CALLER);
    assertThat(send.getKind()).isEqualTo(SpanKind.PRODUCER);
    assertThat(route.getParentSpanId()).isEqualTo(send.getSpanId());
    assertThat(chat.getParentSpanId()).isEqualTo(route.getSpanId());
    List<SpanData> phases = List.of(all.get("queue"), all.get("prefill"), all.get("decode"));
    assertThat(phases).allMatch(phase -> phase.getParentSpanId().equals(chat.getSpanId()));
    assertThat(phases.get(0).getStartEpochNanos()).isEqualTo(chat.getStartEpochNanos());
    assertThat(phases.get(1).getStartEpochNanos()).isEqualTo(phases.get(0).getEndEpochNanos());
    assertThat(phases.get(2).getStartEpochNanos()).isEqualTo(phases.get(1).getEndEpochNanos());

    assertThat(chat.getAttributes().get(AttributeKey.stringKey("gen_ai.operation.name")))
        .isEqualTo("chat");
    assertThat(chat.getAttributes().get(AttributeKey.stringKey("gen_ai.conversation.id")))
        .isEqualTo("session-1");
    assertThat(chat.getAttributes().get(AttributeKey.longKey("gen_ai.usage.output_tokens")))
        .isEqualTo(3);
    assertThat(
            phases.get(2).getAttributes().get(AttributeKey.longKey("heterospec.accepted_tokens")))
        .isEqualTo(2);
    assertThat(spans.getFinishedSpanItems().toString()).doesNotContain(SECRET);
  }

  @Test
  void aPromptThatIsRefusedEndsItsTraceWithAnErrorAndWithoutItsText() {
    RequestTraces traces = new RequestTraces(telemetry);
    assertThat(route(traces, prompt("r1", SECRET), headersOfTheCaller())).isEmpty();
    SpanData route = byName().get("process heterospec.prompts");
    assertThat(route.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    assertThat(route.getTraceId()).isEqualTo(TRACE);
    assertThat(spans.getFinishedSpanItems().toString()).doesNotContain(SECRET);
  }

  @Test
  void whatIsCancelledBeforeTheEngineTakesItHasOnlyWaited() {
    RequestTraces traces = new RequestTraces(telemetry);
    engine.capacity = 0;
    HeteroSpecConfig config = config();
    TestRecord<String, RoutedRequest> routed =
        route(traces, prompt("r1", "demo"), headersOfTheCaller()).get(0);
    try (TopologyTestDriver driver = processor(traces, routed)) {
      driver
          .createInputTopic(
              config.topics().cancellations(),
              new StringSerializer(),
              new Avro(config.clientSettings()).serializer(CancelEvent.class))
          .pipeInput("session-1", CancelEvent.newBuilder().setRequestId("r1").build());
    }
    assertThat(byName()).containsOnlyKeys("process heterospec.prompts", "chat demo", "queue");
  }

  @Test
  void withoutAnExporterTheContextOfOthersIsPassedOnAsItCame() {
    RequestTraces traces = new RequestTraces(OpenTelemetry.propagating(telemetry.getPropagators()));
    Map<String, String> headers = headersOfTheCaller();
    PromptEvent prompt = prompt("r1", "demo");
    traces.sending("heterospec.prompts", prompt, headers).end(null);
    TestRecord<String, RoutedRequest> routed = route(traces, prompt, headers).get(0);
    assertThat(
            new String(routed.headers().lastHeader("traceparent").value(), StandardCharsets.UTF_8))
        .isEqualTo(headersOfTheCaller().get("traceparent"));
    assertThat(spans.getFinishedSpanItems()).isEmpty();
  }
}
