package io.heterospec.topology.route;

import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordOrigin;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.topology.telemetry.RequestTraces;
import java.time.Instant;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Validates prompt events and sends them to the pool of their model, keyed by session so that a
 * session's turns keep their order. What is invalid gets a FAILED completion, and its bytes go to
 * the dead letters; without an id that a completion could carry, only the latter.
 */
public final class PromptRouter implements Processor<String, PromptEvent, String, SpecificRecord> {
  private final PromptRules rules;
  private final Map<String, String> routes;
  private final String completions;
  private final RecordLimit limit;
  private final RequestTraces traces;
  private ProcessorContext<String, SpecificRecord> context;

  /**
   * @param routes pool of each model, to which its {@link #child} sends; the first model is the
   *     default
   * @param completions name of the child that sends completions
   * @param limit of routed requests
   */
  public PromptRouter(
      PromptRules rules,
      Map<String, String> routes,
      String completions,
      RecordLimit limit,
      RequestTraces traces) {
    this.rules = rules;
    this.routes = routes;
    this.completions = completions;
    this.limit = limit;
    this.traces = traces;
  }

  /** Name of the child that sends to a pool: whatever the pool is called, no other node's. */
  public static String child(String pool) {
    return "requests." + pool;
  }

  @Override
  public void init(ProcessorContext<String, SpecificRecord> processorContext) {
    context = processorContext;
  }

  @Override
  public void process(Record<String, PromptEvent> record) {
    PromptEvent prompt = record.value();
    if (prompt == null || prompt.getRequestId().isBlank()) {
      throw new InvalidRequestException(
          ErrorCodes.INVALID_REQUEST, "the prompt event has no request_id; give each its own");
    }
    PromptRules.checkLength("request_id", prompt.getRequestId());
    RequestTraces.Step step =
        traces.routing(context.recordMetadata().orElseThrow(), record.headers(), prompt);
    try {
      route(prompt, record, step);
      step.end(null);
    } catch (RuntimeException e) {
      step.end(e);
      throw e; // for an invalid prompt the processing handler writes the dead letter and goes on
    }
  }

  private void route(
      PromptEvent prompt, Record<String, PromptEvent> record, RequestTraces.Step step) {
    String model =
        prompt.getModel() == null ? routes.keySet().iterator().next() : prompt.getModel();
    String key = key(prompt);
    try {
      rules.check(prompt);
      String pool = pool(model);
      RoutedRequest routed = routed(prompt, model, pool, record);
      checkSize(routed, record.headers());
      traces.pass(step, record.headers());
      context.forward(record.withKey(key).withValue(routed), child(pool));
    } catch (InvalidRequestException e) {
      Instant now = Instant.ofEpochMilli(context.currentSystemTimeMs());
      Record<String, SpecificRecord> failed =
          record.withKey(key).withValue(FailedCompletion.of(prompt, model, e, now));
      context.forward(
          RecordLimit.isExceededBy(record.headers())
              ? failed.withHeaders(new RecordHeaders())
              : failed,
          completions);
      throw e;
    }
  }

  private static String key(PromptEvent prompt) {
    String session = PromptRules.session(prompt);
    return session == null ? prompt.getRequestId() : session;
  }

  private void checkSize(RoutedRequest routed, Headers headers) {
    if (RecordLimit.isExceededBy(headers)) {
      throw new InvalidRequestException(
          ErrorCodes.INVALID_REQUEST,
          "the record's headers are too large; every record of an answer carries them on");
    }
    if (limit.isExceededBy(routed)) {
      throw new InvalidRequestException(
          ErrorCodes.PROMPT_TOO_LONG,
          "the prompt event does not fit in a record of %d bytes; shorten it"
              .formatted(limit.bytes()));
    }
  }

  private String pool(String model) {
    String pool = routes.get(model);
    if (pool == null) {
      throw new InvalidRequestException(
          ErrorCodes.UNKNOWN_MODEL,
          "model '%s' is not served here; use one of %s"
              .formatted(PromptRules.repeated(model), routes.keySet()));
    }
    return pool;
  }

  private RoutedRequest routed(
      PromptEvent prompt, String model, String pool, Record<String, PromptEvent> record) {
    RecordMetadata at = context.recordMetadata().orElseThrow();
    return RoutedRequest.newBuilder()
        .setPrompt(prompt)
        .setModel(model)
        .setPool(pool)
        .setOrigin(origin(at, record.timestamp()))
        .setRoutedAt(Instant.ofEpochMilli(context.currentSystemTimeMs()))
        .build();
  }

  /** Coordinates of a record. */
  public static RecordOrigin origin(RecordMetadata at, long timestamp) {
    return RecordOrigin.newBuilder()
        .setTopic(at.topic())
        .setPartition(at.partition())
        .setOffset(at.offset())
        .setTimestamp(Instant.ofEpochMilli(timestamp))
        .build();
  }
}
