package io.heterospec.topology.gateway;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The generations that this gateway published and waits for: at most so many at a time, each with
 * an observer. Two threads read for all of them: one the deltas, uncommitted, the other the
 * completions, committed.
 */
public final class Generations implements AutoCloseable, EventReader.Handler {
  private static final Logger LOG = LoggerFactory.getLogger(Generations.class);
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private static final GenerationObserver NOBODY =
      new GenerationObserver() {
        @Override
        public void onText(String text) {}

        @Override
        public void onEnd(Completion completion) {}

        @Override
        public void onLost(GatewayException reason) {}
      };

  private final PromptPublisher publisher;
  private final QueueBound places;
  private final Map<String, OpenGeneration> open = new ConcurrentHashMap<>();
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(daemons("gateway-ticker"));
  // To send waits for the registry and for Kafka, which who reads or ticks for all must not.
  private final ExecutorService cancellations =
      Executors.newSingleThreadExecutor(daemons("gateway-cancellations"));
  private volatile String refusal; // why nothing is taken any more; null while it is

  /**
   * @param publisher stays open when this is closed
   * @param maxOpen most generations at a time
   */
  public Generations(PromptPublisher publisher, int maxOpen) {
    this.publisher = publisher;
    this.places = new QueueBound(maxOpen);
    ticker.scheduleWithFixedDelay(
        this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static ThreadFactory daemons(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  /**
   * Publishes a prompt and follows its generation.
   *
   * @param headers of its record
   * @param limit after which it is cancelled and given up
   * @throws GatewayException when the bound is reached, the request id is open, or this stops
   */
  public void start(
      PromptEvent prompt,
      Map<String, String> headers,
      GenerationObserver observer,
      Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    // What goes wrong here the observer is told.
    var unused = start(new OpenGeneration(prompt, observer, deadline, true), headers);
  }

  /**
   * Publishes a prompt that nobody waits for here: it goes on when this gateway stops.
   *
   * @param headers of its record
   * @param limit after which it does not count as open any more
   * @return completes when the broker has the prompt, or with a {@link GatewayException} that says
   *     what prevented that
   * @throws GatewayException when the bound is reached, the request id is open, or this stops
   */
  public CompletableFuture<Void> startDetached(
      PromptEvent prompt, Map<String, String> headers, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    return start(new OpenGeneration(prompt, NOBODY, deadline, false), headers);
  }

  /** Whether a generation with this request id was started here and has not ended. */
  public boolean isOpen(String requestId) {
    return open.containsKey(requestId);
  }

  private CompletableFuture<Void> start(OpenGeneration generation, Map<String, String> headers) {
    PromptEvent prompt = generation.prompt();
    String id = prompt.getRequestId();
    places.enter(System.nanoTime());
    if (open.putIfAbsent(id, generation) != null) {
      places.leave(System.nanoTime());
      throw new GatewayException(
          GatewayException.Reason.OPEN, "request " + id + " is open already", Duration.ZERO);
    }
    String reason = refusal;
    if (reason != null) {
      remove(id);
      throw new GatewayException(GatewayException.Reason.UNAVAILABLE, reason, Duration.ZERO);
    }
    return publisher
        .send(prompt, headers)
        .handle(
            (sent, failure) -> {
              if (failure == null) {
                return null;
              }
              LOG.warn("request {} could not be published: {}", id, failure.toString());
              GatewayException lost = unpublished(failure);
              lose(generation, lost);
              throw lost;
            });
  }

  private static GatewayException unpublished(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof RecordTooLargeException
        ? new GatewayException(GatewayException.Reason.TOO_LARGE, cause.getMessage(), Duration.ZERO)
        : new GatewayException(
            GatewayException.Reason.UNAVAILABLE,
            "the request could not be handed to Kafka; try again later",
            Duration.ZERO);
  }

  /** Cancels a generation whose observer is gone: it is not called any more. */
  public void abandon(String requestId, String reason) {
    OpenGeneration generation = remove(requestId);
    if (generation != null) {
      cancel(generation.prompt(), reason);
    }
  }

  /**
   * Frees the place of a generation whose end is known from elsewhere; its observer is not told.
   */
  void settle(String requestId) {
    remove(requestId);
  }

  private void cancel(PromptEvent prompt, String reason) {
    try {
      cancellations.execute(() -> sendCancellation(prompt, reason));
    } catch (RejectedExecutionException e) { // this gateway is closed
      LOG.warn("request {} could not be cancelled", prompt.getRequestId(), e);
    }
  }

  private void sendCancellation(PromptEvent prompt, String reason) {
    publisher
        .cancel(prompt.getRequestId(), prompt.getSessionId(), reason)
        .whenComplete(
            (sent, failure) -> {
              if (failure != null) {
                LOG.warn(
                    "request {} could not be cancelled: {}",
                    prompt.getRequestId(),
                    failure.toString());
              }
            });
  }

  @Override
  public void onDelta(GenerationDelta delta) {
    OpenGeneration generation = open.get(delta.getRequestId());
    if (generation != null) {
      tell(generation, () -> generation.onDelta(delta));
    }
  }

  @Override
  public void onCompletion(Completion completion) {
    OpenGeneration generation = remove(completion.getRequestId());
    if (generation != null) {
      tell(generation, () -> generation.onEnd(completion));
    }
  }

  @Override
  public void onUnreadable(
      String topic, int partition, long offset, SerializationException reason) {
    LOG.warn("skipped {}-{}@{}: {}", topic, partition, offset, reason.getMessage());
  }

  // One observer that fails must not end the reading for all others.
  private void tell(OpenGeneration generation, Runnable news) {
    try {
      news.run();
    } catch (RuntimeException e) {
      String id = generation.prompt().getRequestId();
      LOG.error("the observer of request {} failed", id, e);
      abandon(id, "its observer failed");
    }
  }

  private OpenGeneration remove(String requestId) {
    OpenGeneration generation = open.remove(requestId);
    if (generation != null) {
      places.leave(System.nanoTime());
    }
    return generation;
  }

  private void lose(OpenGeneration generation, GatewayException.Reason reason, String message) {
    lose(generation, new GatewayException(reason, message, Duration.ZERO));
  }

  private void lose(OpenGeneration generation, GatewayException lost) {
    if (remove(generation.prompt().getRequestId()) != null) {
      tell(generation, () -> generation.onLost(lost));
    }
  }

  private void tick() {
    long now = System.nanoTime();
    for (OpenGeneration generation : open.values()) {
      if (!generation.isLate(now)) {
        tell(generation, generation::onTick);
        continue;
      }
      if (generation.isAwaited()) {
        cancel(generation.prompt(), "no answer came in time");
      }
      lose(generation, GatewayException.Reason.TIMEOUT, "no answer came in time");
    }
  }

  /** Generations that have not ended. */
  public int open() {
    return places.open();
  }

  /** Most generations at a time. */
  public int bound() {
    return places.bound();
  }

  /**
   * Loses what is open and takes no more. What is awaited here is cancelled: nobody would be there
   * to read it.
   *
   * @param reason for the clients
   */
  void end(String reason) {
    refusal = reason;
    for (OpenGeneration generation : open.values()) {
      if (generation.isAwaited()) {
        cancel(generation.prompt(), reason);
      }
      lose(generation, GatewayException.Reason.UNAVAILABLE, reason);
    }
  }

  /** Ends, and waits until the cancellations are with the publisher. */
  @Override
  public void close() {
    ticker.shutdownNow();
    end("this gateway is stopping");
    cancellations.shutdown();
    try {
      if (!cancellations.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("not every cancellation could be sent within {}", CLOSE_LIMIT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    cancellations.shutdownNow();
  }
}
