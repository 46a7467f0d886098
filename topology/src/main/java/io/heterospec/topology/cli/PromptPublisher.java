package io.heterospec.topology.cli;

import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.Avro;
import io.heterospec.topology.HeteroSpecConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes prompt events as any user of the application would. */
final class PromptPublisher implements AutoCloseable {
  private final Topics topics;
  private final Producer<String, PromptEvent> producer;

  PromptPublisher(HeteroSpecConfig config) {
    topics = config.topics();
    Map<String, Object> settings = new HashMap<>(config.clientSettings());
    settings.put(ProducerConfig.LINGER_MS_CONFIG, "0");
    producer =
        new KafkaProducer<>(
            settings,
            new StringSerializer(),
            new Avro(config.clientSettings()).serializer(PromptEvent.class));
  }

  /** Publishes an event and waits until the broker has it. */
  void publish(PromptEvent prompt) throws InterruptedException {
    String key = prompt.getSessionId() == null ? prompt.getRequestId() : prompt.getSessionId();
    try {
      producer.send(new ProducerRecord<>(topics.prompts(), key, prompt)).get();
    } catch (ExecutionException e) {
      throw new CompletionException("the prompt could not be published", e.getCause());
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
