package io.heterospec.topology.client;

import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.Avro;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.telemetry.RequestTraces;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes prompt events and cancellations as any user of the application would. */
public final class PromptPublisher implements AutoCloseable {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private final RequestTraces traces;
  private final Topics topics;
  private final Producer<String, byte[]> producer;
  private final Serializer<PromptEvent> prompts;
  private final Serializer<CancelEvent> cancellations;
  private final int maxRecordBytes;

  /** Without traces. */
  public PromptPublisher(HeteroSpecConfig config) {
    this(config, RequestTraces.none());
  }

  public PromptPublisher(HeteroSpecConfig config, RequestTraces traces) {
    this.traces = traces;
    topics = config.topics();
    Map<String, Object> settings = config.producerSettings();
    settings.put(ProducerConfig.LINGER_MS_CONFIG, "0");
    maxRecordBytes = config.getInt(HeteroSpecConfig.MAX_RECORD_BYTES);
    producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    Avro avro = new Avro(config.clientSettings());
    prompts = avro.serializer(PromptEvent.class);
    cancellations = avro.serializer(CancelEvent.class);
  }

  /** Publishes an event and waits until the broker has it. */
  public void publish(PromptEvent prompt) throws InterruptedException {
    try {
      send(prompt, Map.of()).get();
    } catch (ExecutionException e) {
      throw new CompletionException("the prompt could not be published", e.getCause());
    }
  }

  /**
   * Publishes an event.
   *
   * @param headers of the record, as text
   * @return completes when the broker has it, or with what prevented that: a {@link
   *     RecordTooLargeException} that names the limit where the event is too large
   */
  public CompletableFuture<Void> send(PromptEvent prompt, Map<String, String> headers) {
    String key = key(prompt.getSessionId(), prompt.getRequestId());
    Map<String, String> traced = new HashMap<>(headers);
    RequestTraces.Step step = traces.sending(topics.prompts(), prompt, traced);
    return send(topics.prompts(), key, prompts, prompt, traced)
        .whenComplete((sent, failure) -> step.end(failure));
  }

  /**
   * Publishes a cancellation.
   *
   * @param sessionId the session of that request; null for one without a session
   * @return completes when the broker has it, or with what prevented that
   */
  public CompletableFuture<Void> cancel(String requestId, String sessionId, String reason) {
    CancelEvent event =
        CancelEvent.newBuilder()
            .setRequestId(requestId)
            .setSessionId(sessionId)
            .setReason(reason)
            .build();
    return send(topics.cancellations(), key(sessionId, requestId), cancellations, event, Map.of());
  }

  // A request's records meet in one partition: that of its session, if it has one.
  private static String key(String sessionId, String requestId) {
    return sessionId == null ? requestId : sessionId;
  }

  private <T> CompletableFuture<Void> send(
      String topic, String key, Serializer<T> values, T value, Map<String, String> headers) {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    try {
      ProducerRecord<String, byte[]> record =
          new ProducerRecord<>(topic, key, values.serialize(topic, value));
      headers.forEach(
          (name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
      producer.send(
          record,
          (metadata, failure) -> {
            if (failure == null) {
              sent.complete(null);
            } else {
              sent.completeExceptionally(named(failure));
            }
          });
    } catch (KafkaException | IllegalStateException e) {
      sent.completeExceptionally(e);
    }
    return sent;
  }

  private Exception named(Exception failure) {
    return failure instanceof RecordTooLargeException
        ? new RecordTooLargeException(
            "the prompt does not fit in a record, of which %s allows %d bytes; shorten it"
                .formatted(HeteroSpecConfig.MAX_RECORD_BYTES, maxRecordBytes),
            failure)
        : failure;
  }

  @Override
  public void close() {
    producer.close(CLOSE_LIMIT);
    prompts.close();
    cancellations.close();
  }
}
