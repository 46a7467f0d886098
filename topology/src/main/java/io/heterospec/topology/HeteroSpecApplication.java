package io.heterospec.topology;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.schemas.RegistryUnavailableException;
import io.heterospec.topology.telemetry.GenerationMetrics;
import io.heterospec.topology.telemetry.Telemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one process: its Kafka Streams instances from start to close. What the surroundings
 * may mend (registry, broker) replaces the stream thread; anything else ends the process with a
 * failure, so that a supervisor restarts it and pending work is taken up from the stores.
 */
public final class HeteroSpecApplication implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeteroSpecApplication.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(20);

  private final OpenTelemetrySdk telemetry;
  private final GenerationMetrics metrics;
  private final List<KafkaStreams> instances = new ArrayList<>();
  private final CountDownLatch running;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Throwable failure;

  private HeteroSpecApplication(HeteroSpecConfig config, DecodeEngine engine, Role role) {
    telemetry = Telemetry.open(role.name().toLowerCase(Locale.ROOT));
    metrics = new GenerationMetrics(telemetry, engine);
    HeteroSpecTopology topology = new HeteroSpecTopology(config);
    if (role.routes()) {
      add(new KafkaStreams(topology.router(), config.routerProperties()));
    }
    if (role.processes()) {
      add(new KafkaStreams(topology.processor(engine, metrics), config.processorProperties()));
    }
    running = new CountDownLatch(instances.size());
  }

  /**
   * Prepares a process: creates missing topics.
   *
   * @param engine serves the pool of the configuration; null for a router
   * @throws io.heterospec.topology.embedded.UnusableResourceException when the cluster is out of
   *     reach
   */
  public static HeteroSpecApplication create(
      HeteroSpecConfig config, DecodeEngine engine, Role role) {
    TopicCreator.ensure(config);
    return new HeteroSpecApplication(config, engine, role);
  }

  private void add(KafkaStreams streams) {
    AtomicBoolean ran = new AtomicBoolean();
    streams.setUncaughtExceptionHandler(this::onUncaught);
    streams.setStateListener(
        (to, from) -> {
          if (to == KafkaStreams.State.RUNNING && ran.compareAndSet(false, true)) {
            running.countDown();
          } else if (to == KafkaStreams.State.ERROR || to == KafkaStreams.State.NOT_RUNNING) {
            ended.countDown();
          }
        });
    instances.add(streams);
  }

  private StreamThreadExceptionResponse onUncaught(Throwable exception) {
    for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
      if (cause instanceof RegistryUnavailableException || cause instanceof RetriableException) {
        LOG.warn("a stream thread starts again: {}", cause.getMessage());
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      }
    }
    failure = exception;
    LOG.error("the application stops", exception);
    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
  }

  /** Starts all instances and returns at once. */
  public void start() {
    instances.forEach(KafkaStreams::start);
  }

  /**
   * Waits until every instance has its tasks.
   *
   * @return false when that takes longer, or an instance ended
   */
  public boolean awaitRunning(Duration timeout) throws InterruptedException {
    return running.await(timeout.toMillis(), TimeUnit.MILLISECONDS) && ended.getCount() > 0;
  }

  /** Waits until an instance ends, by {@link #close} or by a failure. */
  public void awaitShutdown() throws InterruptedException {
    ended.await();
  }

  /** Whether every instance runs or rebalances. */
  public boolean healthy() {
    return instances.stream().allMatch(streams -> streams.state().isRunningOrRebalancing());
  }

  /** What ended the application, if it was a failure. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  @Override
  public void close() {
    for (KafkaStreams streams : instances) {
      if (!streams.close(CLOSE_TIMEOUT)) {
        LOG.warn("a Kafka Streams instance did not close within {}", CLOSE_TIMEOUT);
      }
    }
    metrics.close();
    telemetry.close();
  }
}
