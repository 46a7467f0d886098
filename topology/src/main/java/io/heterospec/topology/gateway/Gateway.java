package io.heterospec.topology.gateway;

import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import io.heterospec.topology.client.TopicTail;
import io.heterospec.topology.telemetry.RequestTraces;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;

/** What a gateway needs of Kafka: it publishes prompts and follows what becomes of them. */
public final class Gateway implements AutoCloseable {
  private static final int LEAST_DELIVERY_TIMEOUT_MS = 15_000;

  private final List<String> models;
  private final Duration timeout;
  private final PromptPublisher publisher;
  private final Generations generations;
  private final Responses responses;
  private final TopicTail deltas;
  private final TopicTail completions;

  private Gateway(HeteroSpecConfig config, ResponseTable table, RequestTraces traces) {
    models = List.copyOf(config.routes().keySet());
    timeout = Duration.ofMillis(config.getLong(HeteroSpecConfig.TIMEOUT_MS));
    // Both readers know their positions before the first prompt is published.
    EventReader uncommitted = EventReader.ofUncommittedDeltas(config);
    EventReader committed = EventReader.ofCompletions(config);
    publisher = new PromptPublisher(impatient(config), traces);
    generations = new Generations(publisher, config.getInt(HeteroSpecConfig.MAX_OPEN));
    responses = new Responses(generations, publisher, table, timeout);
    deltas = new TopicTail("gateway-deltas", uncommitted, generations, this::onReadingEnded);
    completions =
        new TopicTail("gateway-completions", committed, generations, this::onReadingEnded);
  }

  private void onReadingEnded(RuntimeException cause) {
    generations.end("this gateway cannot read answers any more; ask another");
  }

  /**
   * Starts following the topics, which must exist.
   *
   * @param table kept up to date by the gateway's Kafka Streams application
   * @throws io.heterospec.topology.embedded.UnusableResourceException when no broker answers
   */
  public static Gateway open(HeteroSpecConfig config, ResponseTable table, RequestTraces traces) {
    return new Gateway(config, table, traces);
  }

  // An HTTP client is told soon that Kafka is away.
  private static HeteroSpecConfig impatient(HeteroSpecConfig config) {
    Map<String, Object> settings = new HashMap<>(config.originals());
    settings.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, "5000");
    settings.putIfAbsent(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000");
    // Which must not be less than one request may take (the publisher does not linger).
    int request =
        (int)
            ConfigDef.parseType(
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                settings.get(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG),
                ConfigDef.Type.INT);
    settings.putIfAbsent(
        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Math.max(LEAST_DELIVERY_TIMEOUT_MS, request));
    return HeteroSpecConfig.fromMap(settings);
  }

  /** Names of the models that are served; the first is the default. */
  public List<String> models() {
    return models;
  }

  /** How long a client waits for the end of a text. */
  public Duration timeout() {
    return timeout;
  }

  public Generations generations() {
    return generations;
  }

  public Responses responses() {
    return responses;
  }

  /** Whether what happens in the topics is still followed. */
  public boolean healthy() {
    return deltas.healthy() && completions.healthy();
  }

  @Override
  public void close() {
    responses.close();
    generations.close();
    deltas.close();
    completions.close();
    publisher.close();
  }
}
