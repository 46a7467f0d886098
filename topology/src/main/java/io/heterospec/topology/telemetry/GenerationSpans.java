package io.heterospec.topology.telemetry;

import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordOrigin;
import io.heterospec.schemas.Sampling;
import io.heterospec.schemas.SpeculationSummary;
import io.heterospec.schemas.Timings;
import io.heterospec.schemas.Usage;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/**
 * The spans of a generation, made when it has ended from the times that were recorded with it: what
 * a crash interrupts has no span left open, and a generation that moved to another instance has one
 * like any other. A crash between the end and its commit makes the spans twice, as it makes the end
 * twice.
 */
final class GenerationSpans {
  private final Tracer tracer;
  private final TextMapPropagator propagator;

  GenerationSpans(Tracer tracer, TextMapPropagator propagator) {
    this.tracer = tracer;
    this.propagator = propagator;
  }

  void record(GenerationEnd end) {
    Context parent =
        propagator.extract(Context.root(), end.pending().getHeaders(), TraceHeaders.STORED);
    Instant start = end.pending().getEnqueuedAt();
    Instant finish = end.completion().getCompletedAt();
    Span generation = generation(end, parent, start);
    phases(end, Context.root().with(generation), start, finish);
    if (end.error() != null) {
      generation.setStatus(StatusCode.ERROR);
      generation.setAttribute(GenAi.ERROR_TYPE, end.error());
    }
    generation.end(finish);
  }

  private Span generation(GenerationEnd end, Context parent, Instant start) {
    PromptEvent prompt = end.prompt();
    String operation = GenAi.operation(prompt);
    String model = end.pending().getRequest().getModel();
    RecordOrigin origin = end.pending().getOrigin();
    SpanBuilder span =
        tracer
            .spanBuilder(operation + ' ' + model)
            .setParent(parent)
            .setSpanKind(SpanKind.CONSUMER)
            .setStartTimestamp(start)
            .setAttribute(GenAi.OPERATION_NAME, operation)
            .setAttribute(GenAi.PROVIDER_NAME, GenAi.PROVIDER)
            .setAttribute(GenAi.REQUEST_MODEL, model)
            .setAttribute("gen_ai.response.id", prompt.getRequestId())
            .setAttribute(GenAi.FINISH_REASONS, List.of(end.finishReason()))
            .setAttribute(GenAi.MESSAGING_SYSTEM, "kafka")
            .setAttribute(GenAi.MESSAGING_OPERATION, "process")
            .setAttribute(GenAi.MESSAGING_OPERATION_TYPE, "process")
            .setAttribute(GenAi.DESTINATION, origin.getTopic())
            .setAttribute(GenAi.PARTITION, Integer.toString(origin.getPartition()))
            .setAttribute(GenAi.OFFSET, origin.getOffset());
    if (prompt.getSessionId() != null) {
      span.setAttribute(GenAi.CONVERSATION_ID, prompt.getSessionId());
    }
    sampling(span, prompt.getSampling());
    if (end.cacheTier() != null) {
      usage(span, end.completion().getUsage());
      span.setAttribute(GenAi.CACHE_TIER, end.cacheTier().name().toLowerCase(Locale.ROOT));
    }
    return span.startSpan();
  }

  // Stop sequences are a user's text and left out.
  private static void sampling(SpanBuilder span, Sampling sampling) {
    if (sampling.getMaxTokens() != null) {
      span.setAttribute("gen_ai.request.max_tokens", (long) sampling.getMaxTokens());
    }
    span.setAttribute("gen_ai.request.temperature", sampling.getTemperature())
        .setAttribute("gen_ai.request.top_p", sampling.getTopP())
        .setAttribute("gen_ai.request.top_k", (double) sampling.getTopK())
        .setAttribute("gen_ai.request.seed", sampling.getSeed());
  }

  private static void usage(SpanBuilder span, Usage usage) {
    span.setAttribute("gen_ai.usage.input_tokens", usage.getPromptTokens())
        .setAttribute("gen_ai.usage.output_tokens", usage.getCompletionTokens())
        .setAttribute("gen_ai.usage.cache_read.input_tokens", usage.getCachedTokens());
  }

  // What the engine never ran has only waited.
  private void phases(GenerationEnd end, Context parent, Instant start, Instant finish) {
    if (end.cacheTier() == null) {
      phase("queue", parent, start).end(finish);
      return;
    }
    Timings timings = end.completion().getTimings();
    Instant admitted = after(start, timings.getQueueMs());
    phase("queue", parent, start).end(admitted);
    Instant prefilled = after(admitted, timings.getPrefillMs());
    phase("prefill", parent, admitted).end(prefilled);
    Span decode = phase("decode", parent, prefilled);
    speculation(decode, end.completion().getSpeculation());
    decode.end(after(prefilled, timings.getDecodeMs()));
  }

  private Span phase(String name, Context parent, Instant start) {
    return tracer.spanBuilder(name).setParent(parent).setStartTimestamp(start).startSpan();
  }

  private static void speculation(Span decode, SpeculationSummary summary) {
    if (summary != null) {
      decode
          .setAttribute(GenAi.POLICY, summary.getMode())
          .setAttribute("heterospec.target_calls", summary.getTargetCalls())
          .setAttribute("heterospec.verified_tokens", summary.getVerifiedTokens())
          .setAttribute("heterospec.candidates", summary.getDraftedTokens())
          .setAttribute("heterospec.accepted_tokens", summary.getAcceptedTokens())
          .setAttribute("heterospec.acceptance_length", summary.getMeanAcceptanceLength());
    }
  }

  private static Instant after(Instant start, double millis) {
    return start.plus(Math.round(millis * 1e3), ChronoUnit.MICROS);
  }
}
