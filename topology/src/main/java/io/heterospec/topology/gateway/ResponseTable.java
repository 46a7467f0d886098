package io.heterospec.topology.gateway;

import io.heterospec.schemas.ResponseState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The state of all responses of the cluster, as far as this gateway has read it: a global store,
 * whose changes can be waited for. Bounded by the retention of responses.
 */
public final class ResponseTable {
  private record Waiter(Predicate<ResponseState> wanted, CompletableFuture<ResponseState> met) {}

  private final Map<String, List<Waiter>> waiting = new ConcurrentHashMap<>();
  private volatile KeyValueStore<String, ResponseState> store;

  /** Fills the store; on the thread of the global consumer. */
  public ProcessorSupplier<String, ResponseState, Void, Void> updates() {
    return Update::new;
  }

  /** The present state of a response; empty while none is known here. */
  public Optional<ResponseState> get(String id) {
    KeyValueStore<String, ResponseState> present = store;
    return present == null || !present.isOpen()
        ? Optional.empty()
        : Optional.ofNullable(present.get(id));
  }

  /**
   * The state as soon as it is as wanted, or as it is when the time is up.
   *
   * @return completes on another thread, with the state that was as wanted or the latest one
   */
  public CompletableFuture<Optional<ResponseState>> await(
      String id, Predicate<ResponseState> wanted, Duration limit) {
    Waiter waiter = new Waiter(wanted, new CompletableFuture<>());
    waiting.computeIfAbsent(id, key -> new CopyOnWriteArrayList<>()).add(waiter);
    get(id).ifPresent(state -> update(id, state)); // it may have come before the waiter
    return waiter
        .met()
        .completeOnTimeout(null, limit.toMillis(), TimeUnit.MILLISECONDS)
        .thenApplyAsync(
            met -> {
              forget(id, waiter);
              return met == null ? get(id) : Optional.of(met);
            });
  }

  private void forget(String id, Waiter waiter) {
    waiting.computeIfPresent(
        id,
        (key, waiters) -> {
          waiters.remove(waiter);
          return waiters.isEmpty() ? null : waiters;
        });
  }

  private void update(String id, ResponseState state) {
    for (Waiter waiter : waiting.getOrDefault(id, List.of())) {
      if (waiter.wanted().test(state)) {
        waiter.met().complete(state);
      }
    }
  }

  private final class Update implements Processor<String, ResponseState, Void, Void> {
    private KeyValueStore<String, ResponseState> target;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      target = context.getStateStore(ResponseStores.TABLE);
      store = target;
    }

    @Override
    public void process(Record<String, ResponseState> record) {
      if (record.value() == null) {
        target.delete(record.key());
      } else {
        target.put(record.key(), record.value());
        update(record.key(), record.value());
      }
    }
  }
}
