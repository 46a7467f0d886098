package io.heterospec.topology.client;

import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.topology.HeteroSpecConfig;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.kafka.common.errors.SerializationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Generates text through the topics of a running application. One client serves any number of
 * threads and requests; it has one producer, one consumer without a group, and one thread.
 *
 * <pre>{@code
 * Map<String, Object> kafka =
 *     Map.of("bootstrap.servers", "kafka:9092", "schema.registry.url", "http://registry:8081");
 * try (HeteroSpecClient client = HeteroSpecClient.open(kafka)) {
 *   String text = client.generate("How do I list hidden files?").join().getText();
 *
 *   Session session = client.session("alice-1");
 *   session.stream("And their sizes?", System.out::print).completion().join();
 *
 *   PromptEvent prompt =
 *       HeteroSpecClient.prompt("Write a poem.").setDeadline(Instant.now().plusSeconds(60)).build();
 *   Answer poem = client.send(prompt, System.out::print);
 *   poem.cancel();
 * }
 * }</pre>
 *
 * Texts and completions are read committed: nothing that was given out changes. Answers are read
 * from the moment the client is opened; who must survive their own restart reads {@code
 * completions} with a consumer group instead.
 */
public final class HeteroSpecClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeteroSpecClient.class);

  private final Map<String, Answer> open = new ConcurrentHashMap<>();
  private final PromptPublisher publisher;
  private final TopicTail tail;
  private volatile RuntimeException ended; // why nothing is read any more

  private HeteroSpecClient(HeteroSpecConfig config, boolean telemetry) {
    // The reader knows its positions before the first prompt is sent.
    EventReader reader = telemetry ? EventReader.ofAll(config) : EventReader.ofAnswers(config);
    boolean opened = false;
    try {
      publisher = new PromptPublisher(config);
      opened = true;
    } finally {
      if (!opened) {
        reader.close();
      }
    }
    tail = new TopicTail("heterospec-client", reader, new Answers(), this::end);
  }

  /**
   * Opens a client.
   *
   * @param settings of Kafka's clients and the schema registry ({@code bootstrap.servers}, {@code
   *     schema.registry.url}, security), and {@code heterospec.topic.prefix} where it is not the
   *     default
   * @throws org.apache.kafka.common.config.ConfigException naming a setting that is wrong
   * @throws io.heterospec.topology.embedded.UnusableResourceException when no broker answers or the
   *     topics do not exist
   */
  public static HeteroSpecClient open(Map<String, ?> settings) {
    return new HeteroSpecClient(HeteroSpecConfig.fromMap(settings), false);
  }

  /** The same, whose listeners also see each draft-verify cycle: it reads all of telemetry. */
  public static HeteroSpecClient openWithTelemetry(Map<String, ?> settings) {
    return new HeteroSpecClient(HeteroSpecConfig.fromMap(settings), true);
  }

  /** A prompt event with an id of its own and one message of a user; to be completed at will. */
  public static PromptEvent.Builder prompt(String text) {
    return PromptEvent.newBuilder()
        .setRequestId(UUID.randomUUID().toString())
        .setMessages(List.of(new ChatMessage("user", text)))
        .setCreatedAt(Instant.now());
  }

  /** The answer to a prompt without a session: see {@link Answer#completion}. */
  public CompletableFuture<Completion> generate(String prompt) {
    return send(prompt(prompt).build(), text -> {}).completion();
  }

  /** A conversation, new or continued. */
  public Session session(String id) {
    return new Session(this, id);
  }

  /** Sends a prompt; its answer comes piece by piece. */
  public Answer send(PromptEvent prompt, AnswerListener listener) {
    return send(prompt, Map.of(), listener);
  }

  /**
   * Sends a prompt; its answer comes piece by piece.
   *
   * @param headers of the record, such as {@code traceparent}
   * @throws IllegalStateException when a request with this id is open, or the client has ended
   */
  public Answer send(PromptEvent prompt, Map<String, String> headers, AnswerListener listener) {
    Answer answer = new Answer(prompt, listener, publisher);
    String id = prompt.getRequestId();
    if (open.putIfAbsent(id, answer) != null) {
      throw new IllegalStateException(
          "request " + id + " is open already; every request needs an id of its own");
    }
    if (ended != null) {
      open.remove(id);
      throw new IllegalStateException("this client has ended; open another", ended);
    }
    publisher
        .send(prompt, headers)
        .whenComplete(
            (sent, failure) -> {
              if (failure != null && open.remove(id) != null) {
                answer.fail(failure);
              }
            });
    return answer;
  }

  private final class Answers implements EventReader.Handler {
    @Override
    public void onDelta(GenerationDelta delta) {
      tell(open.get(delta.getRequestId()), answer -> answer.onDelta(delta));
    }

    @Override
    public void onTelemetry(StepTelemetry cycle) {
      tell(open.get(cycle.getRequestId()), answer -> answer.onCycle(cycle));
    }

    @Override
    public void onCompletion(Completion completion) {
      tell(open.remove(completion.getRequestId()), answer -> answer.onCompletion(completion));
    }

    @Override
    public void onUnreadable(
        String topic, int partition, long offset, SerializationException reason) {
      LOG.warn("skipped {}-{}@{}: {}", topic, partition, offset, reason.getMessage());
    }
  }

  // A listener that fails must not end the reading for all others.
  private void tell(Answer answer, Consumer<Answer> news) {
    if (answer == null) {
      return;
    }
    try {
      news.accept(answer);
    } catch (RuntimeException e) {
      open.remove(answer.requestId());
      answer.abandon(e);
    }
  }

  private void end(RuntimeException reason) {
    ended = reason;
    open.values().forEach(answer -> answer.fail(reason));
    open.clear();
  }

  /** Answers that have not come fail; their generations go on. */
  @Override
  public void close() {
    tail.close();
    end(new IllegalStateException("the client was closed before the answer came"));
    publisher.close();
  }
}
