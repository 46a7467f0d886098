package io.heterospec.topology.gateway;

import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.ResponseState;
import io.heterospec.topology.client.PromptPublisher;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Responses that are asked for now and fetched later, from any gateway: what becomes of them lies
 * in Kafka.
 */
public final class Responses {
  // State takes a commit and a hop through the topics until every gateway has it.
  private static final Duration VISIBLE_WITHIN = Duration.ofSeconds(2);
  private static final Duration CANCELLED_WITHIN = Duration.ofSeconds(5);

  private final Generations generations;
  private final PromptPublisher publisher;
  private final ResponseTable table;
  private final Duration limit;
  private final CompletableFuture<Optional<ResponseState>> stopped = new CompletableFuture<>();

  /**
   * @param limit after which a response does not count as open any more
   */
  Responses(
      Generations generations, PromptPublisher publisher, ResponseTable table, Duration limit) {
    this.limit = limit;
    this.generations = generations;
    this.publisher = publisher;
    this.table = table;
  }

  /**
   * Publishes a prompt whose request id is a response id. It goes on when this gateway stops.
   *
   * @param owner who may see it; possibly empty
   * @param requestHash tells it from another request with the same id
   * @param headers of its record
   * @return completes when it is safe in Kafka, with the state if that is known already
   * @throws GatewayException when too many requests are open
   */
  public CompletableFuture<Optional<ResponseState>> start(
      PromptEvent prompt, String owner, String requestHash, Map<String, String> headers) {
    String id = prompt.getRequestId();
    return generations
        .startDetached(prompt, tracked(headers, owner, requestHash), limit)
        .thenCompose(
            sent -> {
              freePlaceAtEnd(id);
              return table.await(id, any -> true, VISIBLE_WITHIN);
            });
  }

  // Where another gateway published the same prompt before and it has ended, no further completion
  // comes: only the table tells.
  private void freePlaceAtEnd(String id) {
    var unused =
        table
            .await(id, Responses::hasEnded, limit)
            .thenAccept(
                found -> found.filter(Responses::hasEnded).ifPresent(s -> generations.settle(id)));
  }

  private static boolean hasEnded(ResponseState state) {
    return state.getCompletion() != null;
  }

  /**
   * Publishes such a prompt for an observer that waits; the response can be fetched later, too.
   *
   * @throws GatewayException when too many requests are open
   */
  public void start(
      PromptEvent prompt,
      String owner,
      String requestHash,
      Map<String, String> headers,
      GenerationObserver observer) {
    generations.start(prompt, tracked(headers, owner, requestHash), observer, limit);
  }

  private static Map<String, String> tracked(
      Map<String, String> headers, String owner, String requestHash) {
    Map<String, String> all = new HashMap<>(headers);
    all.putAll(ResponseTracker.headers(owner, requestHash));
    return all;
  }

  /**
   * The state that an owner's response ended with.
   *
   * @return completes with a {@link GatewayException} when it does not end within the limit, or
   *     this gateway stops before
   */
  public CompletableFuture<ResponseState> findEnded(String id, String owner) {
    return table
        .await(id, Responses::hasEnded, limit)
        .applyToEither(stopped, Function.identity())
        .thenApply(
            found ->
                found
                    .filter(state -> hasEnded(state) && state.getOwner().equals(owner))
                    .orElseThrow(
                        () ->
                            new GatewayException(
                                GatewayException.Reason.TIMEOUT,
                                "no answer came in time",
                                Duration.ZERO)));
  }

  /** The state of an owner's response, waiting a moment for one that this gateway just misses. */
  public CompletableFuture<Optional<ResponseState>> find(String id, String owner) {
    return table
        .await(id, any -> true, ResponseIds.isResponse(id) ? VISIBLE_WITHIN : Duration.ZERO)
        .thenApply(found -> found.filter(state -> state.getOwner().equals(owner)));
  }

  /** The state of an owner's response as it is known here now. */
  public Optional<ResponseState> known(String id, String owner) {
    return table.get(id).filter(state -> state.getOwner().equals(owner));
  }

  /**
   * Cancels an owner's response.
   *
   * @return its state when it has ended, or a moment later
   */
  public CompletableFuture<Optional<ResponseState>> cancel(String id, String owner) {
    return find(id, owner)
        .thenCompose(
            found -> {
              if (found.isEmpty() || hasEnded(found.get())) {
                return CompletableFuture.completedFuture(found);
              }
              return publisher
                  .cancel(id, found.get().getSessionId(), "cancelled by its owner")
                  .thenCompose(sent -> table.await(id, Responses::hasEnded, CANCELLED_WITHIN));
            });
  }

  /** Tells those who wait for an end that it will not be seen here. */
  void close() {
    stopped.completeExceptionally(
        new GatewayException(
            GatewayException.Reason.UNAVAILABLE, "this gateway is stopping", Duration.ZERO));
  }
}
