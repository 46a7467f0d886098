package io.heterospec.topology.telemetry;

import io.heterospec.schemas.PromptEvent;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * One trace for each request: its call by HTTP, sending the prompt, routing it, and the generation
 * with its wait, its prefill and its decoding. The context travels in the records' headers ({@code
 * traceparent}). Spans follow OpenTelemetry's conventions for messaging and generative AI; none
 * holds text of a user.
 */
public final class RequestTraces {
  private final Tracer tracer;
  private final TextMapPropagator propagator;
  private final GenerationSpans generations;

  /**
   * @param telemetry that makes spans, or that only passes contexts on
   */
  public RequestTraces(OpenTelemetry telemetry) {
    tracer = telemetry.getTracer(GenAi.SCOPE);
    propagator = telemetry.getPropagators().getTextMapPropagator();
    generations = new GenerationSpans(tracer, propagator);
  }

  /** Traces nothing. */
  public static RequestTraces none() {
    return new RequestTraces(OpenTelemetry.noop());
  }

  /** A span that is open while something happens. */
  public static final class Step {
    private final Span span;

    private Step(Span span) {
      this.span = span;
    }

    /**
     * @param failure that ended it; null for none. Its message may quote a user and is left out
     */
    public void end(Throwable failure) {
      if (failure != null) {
        span.setStatus(StatusCode.ERROR);
        span.setAttribute(GenAi.ERROR_TYPE, failure.getClass().getName());
      }
      span.end();
    }
  }

  /**
   * A call of the API begins; it is part of the trace that its headers name, if they do.
   *
   * @param headers of the call; the case of their names does not matter
   */
  public ServerSpan serving(
      String method, String scheme, String path, Map<String, String> headers) {
    Map<String, String> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    anyCase.putAll(headers);
    Span span =
        tracer
            .spanBuilder(method)
            .setParent(propagator.extract(Context.root(), anyCase, TraceHeaders.TEXT))
            .setSpanKind(SpanKind.SERVER)
            .setAttribute(ServerSpan.METHOD, method)
            .setAttribute(ServerSpan.SCHEME, scheme)
            .setAttribute(ServerSpan.PATH, path)
            .startSpan();
    return new ServerSpan(span, method, propagator);
  }

  /**
   * The sending of a prompt begins; it is part of the trace that its headers name, if they do.
   *
   * @param headers get the context of the step
   */
  public Step sending(String topic, PromptEvent prompt, Map<String, String> headers) {
    Span span =
        messaging("send", topic, propagator.extract(Context.root(), headers, TraceHeaders.TEXT))
            .setSpanKind(SpanKind.PRODUCER)
            .setAttribute(GenAi.MESSAGING_OPERATION_TYPE, "send")
            .startSpan();
    describe(span, prompt);
    propagator.inject(Context.root().with(span), headers, Map::put);
    return new Step(span);
  }

  /**
   * The routing of a prompt begins.
   *
   * @param at where it was read
   */
  public Step routing(RecordMetadata at, Headers headers, PromptEvent prompt) {
    Span span =
        messaging(
                "process",
                at.topic(),
                propagator.extract(Context.root(), headers, TraceHeaders.RECORD))
            .setSpanKind(SpanKind.CONSUMER)
            .setAttribute(GenAi.MESSAGING_OPERATION_TYPE, "process")
            .setAttribute(GenAi.PARTITION, Integer.toString(at.partition()))
            .setAttribute(GenAi.OFFSET, at.offset())
            .startSpan();
    describe(span, prompt);
    return new Step(span);
  }

  /** Makes what is sent with these headers a part of a step. */
  public void pass(Step step, Headers headers) {
    propagator.inject(Context.root().with(step.span), headers, TraceHeaders.SETTER);
  }

  /** The spans of a generation that has ended. */
  public void ended(GenerationEnd end) {
    generations.record(end);
  }

  private SpanBuilder messaging(String operation, String topic, Context parent) {
    return tracer
        .spanBuilder(operation + ' ' + topic)
        .setParent(parent)
        .setAttribute(GenAi.MESSAGING_SYSTEM, "kafka")
        .setAttribute(GenAi.MESSAGING_OPERATION, operation)
        .setAttribute(GenAi.DESTINATION, topic);
  }

  private static void describe(Span span, PromptEvent prompt) {
    span.setAttribute(GenAi.OPERATION_NAME, GenAi.operation(prompt));
    if (prompt.getSessionId() != null) {
      span.setAttribute(GenAi.CONVERSATION_ID, prompt.getSessionId());
    }
  }
}
