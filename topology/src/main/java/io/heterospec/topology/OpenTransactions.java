package io.heterospec.topology;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the transactions that dead instances of an application left open. Their work moves on when
 * their session times out, but until the broker aborts such a transaction (10 to 20 s by default)
 * nobody reads committed text behind it. Whoever takes work over looks for them for a while; one
 * that is open for longer than any instance that lives keeps one is aborted, and its producer
 * fenced.
 */
final class OpenTransactions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenTransactions.class);
  private static final Duration STEP = Duration.ofMillis(500);
  private static final int LOOKS = 20;

  private final Admin admin;
  private final Pattern ours;
  private final Duration limit;
  private final AtomicInteger looks = new AtomicInteger();
  private final ScheduledExecutorService thread;
  private final ScheduledFuture<?> watch;

  /**
   * @param clients settings of the admin client
   * @param applicationId Kafka Streams'
   * @param limit how long a transaction of an instance that lives is open at most
   */
  OpenTransactions(Map<String, Object> clients, String applicationId, Duration limit) {
    this.admin = Admin.create(clients);
    // As Kafka Streams makes them: application, process and thread.
    this.ours =
        Pattern.compile(
            Pattern.quote(applicationId) + "-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\\d+");
    this.limit = limit;
    this.thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "open-transactions");
              thread.setDaemon(true);
              return thread;
            });
    watch = thread.scheduleWithFixedDelay(this::look, 0, STEP.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Looks for a while from now on: work has moved. */
  void lookForAWhile() {
    looks.set(LOOKS);
  }

  private void look() {
    if (looks.get() == 0) {
      return;
    }
    looks.decrementAndGet();
    try {
      List<String> left =
          admin
              .listTransactions(
                  new ListTransactionsOptions()
                      .filterStates(Set.of(TransactionState.ONGOING))
                      .filterOnDuration(limit.toMillis()))
              .all()
              .get()
              .stream()
              .map(TransactionListing::transactionalId)
              .filter(id -> ours.matcher(id).matches())
              .toList();
      if (!left.isEmpty()) {
        admin.fenceProducers(left).all().get();
        LOG.info("ended transactions that were left open: {}", left);
      }
    } catch (ExecutionException e) {
      // Without the permission, or while the broker restarts: then it does so in its own time.
      LOG.debug("open transactions cannot be ended", e.getCause());
    } catch (KafkaException e) { // likewise; thrown on, it would end the watch
      LOG.debug("open transactions cannot be asked for", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    watch.cancel(true);
    thread.shutdownNow();
    admin.close(Duration.ZERO);
  }
}
