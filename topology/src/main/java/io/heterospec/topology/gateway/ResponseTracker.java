package io.heterospec.topology.gateway;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.ResponseState;
import io.heterospec.schemas.ResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Follows asynchronous responses through the topics and writes each change of status, keyed by
 * response id: QUEUED with the prompt, IN_PROGRESS with the first delta, then the end. It only goes
 * forward, so records that come again, or in another order between topics, change nothing. An ended
 * response is forgotten after a while, and one that never ends too.
 */
public final class ResponseTracker
    implements Processor<String, SpecificRecord, String, ResponseState> {

  private static final String OWNER = "heterospec-response-owner";
  private static final String REQUEST_HASH = "heterospec-response-request-hash";
  private static final Duration EXPIRY_INTERVAL = Duration.ofMinutes(1);

  private final Duration retention;
  private final String defaultModel;
  private ProcessorContext<String, ResponseState> context;
  private KeyValueStore<String, ResponseState> responses;

  /**
   * @param retention how long a response is remembered after its last change
   * @param defaultModel of prompts that name none
   */
  public ResponseTracker(Duration retention, String defaultModel) {
    this.retention = retention;
    this.defaultModel = defaultModel;
  }

  /** Headers that a response's prompt must carry to be tracked. */
  static Map<String, String> headers(String owner, String requestHash) {
    return Map.of(OWNER, owner, REQUEST_HASH, requestHash);
  }

  @Override
  public void init(ProcessorContext<String, ResponseState> processorContext) {
    context = processorContext;
    responses = context.getStateStore(ResponseStores.TRACKED);
    context.schedule(
        EXPIRY_INTERVAL,
        PunctuationType.WALL_CLOCK_TIME,
        now -> expire(Instant.ofEpochMilli(now).minus(retention)));
  }

  @Override
  public void process(Record<String, SpecificRecord> record) {
    if (record.value() instanceof PromptEvent prompt) {
      onPrompt(prompt, record.headers());
    } else if (record.value() instanceof GenerationDelta delta) {
      onDelta(delta.getRequestId());
    } else if (record.value() instanceof Completion completion) {
      onCompletion(completion);
    }
  }

  private void onPrompt(PromptEvent prompt, Headers headers) {
    String id = prompt.getRequestId();
    if (!ResponseIds.isResponse(id) || headers.lastHeader(OWNER) == null) {
      return;
    }
    ResponseState known = responses.get(id);
    if (known != null && known.getStatus() != ResponseStatus.UNKNOWN) {
      return;
    }
    ResponseState.Builder state =
        known == null
            ? ResponseState.newBuilder().setResponseId(id).setStatus(ResponseStatus.QUEUED)
            : ResponseState.newBuilder(known).setStatus(statusOf(known.getCompletion()));
    put(
        state
            .setSessionId(prompt.getSessionId())
            .setOwner(text(headers, OWNER))
            .setRequestHash(text(headers, REQUEST_HASH))
            .setModel(prompt.getModel() == null ? defaultModel : prompt.getModel())
            .setCreatedAt(prompt.getCreatedAt()));
  }

  private void onDelta(String id) {
    ResponseState known = ResponseIds.isResponse(id) ? responses.get(id) : null;
    if (known != null && known.getStatus() == ResponseStatus.QUEUED) {
      put(ResponseState.newBuilder(known).setStatus(ResponseStatus.IN_PROGRESS));
    }
  }

  private void onCompletion(Completion completion) {
    String id = completion.getRequestId();
    if (!ResponseIds.isResponse(id)) {
      return;
    }
    ResponseState known = responses.get(id);
    if (known != null && known.getCompletion() != null) {
      return;
    }
    Completion kept = Completion.newBuilder(completion).setTokenIds(List.of()).build();
    // Ahead of its prompt it is only noted: whose response it is says the prompt.
    ResponseState.Builder state =
        known == null
            ? ResponseState.newBuilder().setResponseId(id).setStatus(ResponseStatus.UNKNOWN)
            : ResponseState.newBuilder(known).setStatus(statusOf(kept));
    put(state.setCompletion(kept));
  }

  private static ResponseStatus statusOf(Completion completion) {
    return completion.getFinishReason() == FinishReason.FAILED
        ? ResponseStatus.FAILED
        : completion.getFinishReason() == FinishReason.CANCELLED
            ? ResponseStatus.CANCELLED
            : ResponseStatus.COMPLETED;
  }

  private void put(ResponseState.Builder change) {
    Instant now = Instant.ofEpochMilli(context.currentSystemTimeMs());
    ResponseState state = change.setUpdatedAt(now).build();
    responses.put(state.getResponseId(), state);
    if (state.getStatus() != ResponseStatus.UNKNOWN) {
      context.forward(new Record<>(state.getResponseId(), state, now.toEpochMilli()));
    }
  }

  private void expire(Instant before) {
    try (KeyValueIterator<String, ResponseState> all = responses.all()) {
      while (all.hasNext()) {
        KeyValue<String, ResponseState> entry = all.next();
        if (entry.value.getUpdatedAt().isBefore(before)) {
          responses.delete(entry.key);
          context.forward(new Record<>(entry.key, null, context.currentSystemTimeMs()));
        }
      }
    }
  }

  private static String text(Headers headers, String name) {
    Header header = headers.lastHeader(name);
    return header == null || header.value() == null
        ? ""
        : new String(header.value(), StandardCharsets.UTF_8);
  }
}
