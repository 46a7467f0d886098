package io.heterospec.topology;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.schemas.RegistryUnavailableException;
import io.heterospec.topology.gateway.ResponseTable;
import io.heterospec.topology.generate.Handover;
import io.heterospec.topology.session.SessionDirectory;
import io.heterospec.topology.session.StateMemory;
import io.heterospec.topology.telemetry.ConsumerLag;
import io.heterospec.topology.telemetry.GenerationMetrics;
import io.heterospec.topology.telemetry.KafkaMetrics;
import io.heterospec.topology.telemetry.Telemetry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one process: its Kafka Streams instances from start to close. What the surroundings
 * may mend (registry, broker) replaces the stream thread; anything else ends the process with a
 * failure, so that a supervisor restarts it and pending work is taken up from the stores.
 */
public final class HeteroSpecApplication implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeteroSpecApplication.class);
  private static final long BYTES_PER_MIB = 1 << 20;
  private static final Duration HANDOVER_LIMIT = Duration.ofSeconds(5);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(20);

  private final Telemetry telemetry;
  private final GenerationMetrics metrics;
  private final StateMemory stateMemory;
  private final Handover handover;
  private final Map<Role, KafkaStreams> instances = new EnumMap<>(Role.class);
  private final ResponseTable responses = new ResponseTable();
  private SessionDirectory sessions; // null without the processor's role
  private volatile OpenTransactions openTransactions; // likewise
  private final List<Runnable> observers = new ArrayList<>();
  private final CountDownLatch running;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Throwable failure;
  private volatile Throwable survived; // the last one after which a thread is replaced
  private volatile boolean stateDamaged;

  private HeteroSpecApplication(HeteroSpecConfig config, DecodeEngine engine, Set<Role> roles) {
    telemetry = Telemetry.open(Role.label(roles));
    metrics = new GenerationMetrics(telemetry.sdk(), engine);
    stateMemory =
        new StateMemory((long) config.getInt(HeteroSpecConfig.STATE_MEMORY_MB) * BYTES_PER_MIB);
    HeteroSpecTopology topology = new HeteroSpecTopology(config, telemetry.traces());
    handover = topology.handover();
    if (roles.contains(Role.ROUTER)) {
      add(Role.ROUTER, topology.router(), config.routerProperties());
    }
    if (roles.contains(Role.PROCESSOR)) {
      Properties properties = config.processorProperties();
      properties.put(StateMemory.KEY, stateMemory);
      add(Role.PROCESSOR, topology.processor(engine, metrics), properties);
      openTransactions =
          new OpenTransactions(
              config.clientSettings(),
              properties.getProperty(StreamsConfig.APPLICATION_ID_CONFIG),
              config.longestTransaction());
      sessions = new SessionDirectory(instances.get(Role.PROCESSOR), engine);
    }
    if (roles.contains(Role.GATEWAY)) {
      add(Role.GATEWAY, topology.gateway(responses), config.gatewayProperties());
    }
    running = new CountDownLatch(instances.size());
    if (engine != null) {
      engine.onDeath(this::onEngineDeath);
    }
  }

  // Its work is in the stores: who takes the tasks over goes on with it, and a process that is
  // started again has a sound device.
  private void onEngineDeath(Throwable cause) {
    failure = cause;
    LOG.error("the engine is dead: this process hands over and ends", cause);
    ended.countDown();
  }

  /**
   * Prepares a process: creates missing topics.
   *
   * @param engine serves the pool of the configuration; null where none of the roles processes
   * @throws io.heterospec.topology.embedded.UnusableResourceException when the cluster is out of
   *     reach
   */
  public static HeteroSpecApplication create(
      HeteroSpecConfig config, DecodeEngine engine, Set<Role> roles) {
    TopicCreator.ensure(config);
    return new HeteroSpecApplication(config, engine, roles);
  }

  private void add(Role role, Topology topology, Properties properties) {
    KafkaStreams streams = new KafkaStreams(topology, properties);
    Path state =
        Path.of(
            properties.getProperty(StreamsConfig.STATE_DIR_CONFIG),
            properties.getProperty(StreamsConfig.APPLICATION_ID_CONFIG));
    if (!StateCheck.isIntact(state)) {
      LOG.error("{} is damaged: it is deleted, and restored from the changelogs", state);
      streams.cleanUp();
    }
    AtomicBoolean ran = new AtomicBoolean();
    streams.setUncaughtExceptionHandler(this::onUncaught);
    streams.setStateListener(
        (to, from) -> {
          if (to == KafkaStreams.State.RUNNING && ran.compareAndSet(false, true)) {
            running.countDown();
          }
          if (to == KafkaStreams.State.REBALANCING && role == Role.PROCESSOR) {
            openTransactions.lookForAWhile();
          } else if (to == KafkaStreams.State.ERROR) {
            onError(role);
            ended.countDown();
          } else if (to == KafkaStreams.State.NOT_RUNNING) {
            ended.countDown();
          }
        });
    instances.put(role, streams);
    String group = properties.getProperty(StreamsConfig.APPLICATION_ID_CONFIG);
    observers.add(new ConsumerLag(telemetry.sdk(), group, streams::metrics)::close);
    observers.add(new KafkaMetrics(telemetry.sdk(), group, streams::metrics)::close);
  }

  // Kafka Streams never replaces a global thread, whatever it is answered.
  private void onError(Role role) {
    if (failure == null) {
      failure =
          new IllegalStateException(
              "Kafka Streams of role %s failed for good: %s"
                  .formatted(
                      Role.label(Set.of(role)),
                      survived == null ? "its log says why" : survived.getMessage()),
              survived);
      LOG.error("the application stops", failure);
    }
  }

  private StreamThreadExceptionResponse onUncaught(Throwable exception) {
    for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
      if (cause instanceof RegistryUnavailableException
          || cause instanceof RetriableException
          || cause instanceof InvalidTxnStateException) { // another ended it, taking us for dead
        LOG.warn("a stream thread starts again: {}", cause.getMessage());
        survived = cause;
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      }
    }
    failure = exception;
    if (isDamagedState(exception)) {
      stateDamaged = true;
      LOG.error(
          "the local state is damaged and is deleted; the next start restores it from the"
              + " changelogs",
          exception);
    } else {
      LOG.error("the application stops", exception);
    }
    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
  }

  private static boolean isDamagedState(Throwable exception) {
    for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
      if (cause instanceof RocksDBException damage
          && damage.getStatus() != null
          && damage.getStatus().getCode() == Status.Code.Corruption) {
        return true;
      }
    }
    return false;
  }

  /** Starts all instances and returns at once. */
  public void start() {
    instances.values().forEach(KafkaStreams::start);
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

  private void handOver() {
    try {
      if (!handover.begin(HANDOVER_LIMIT)) {
        LOG.warn(
            "not every task handed over within {}; the next owner repeats more", HANDOVER_LIMIT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether nothing has failed for good, and every instance runs or rebalances. */
  public boolean healthy() {
    return failure == null
        && instances.values().stream()
            .allMatch(streams -> streams.state().isRunningOrRebalancing());
  }

  /** Kafka Streams' state of each role; RUNNING means that its stores are restored, too. */
  public Map<Role, KafkaStreams.State> states() {
    Map<Role, KafkaStreams.State> states = new EnumMap<>(Role.class);
    instances.forEach((role, streams) -> states.put(role, streams.state()));
    return states;
  }

  /** Whether every instance runs and has its state. */
  public boolean ready() {
    return states().values().stream().allMatch(KafkaStreams.State.RUNNING::equals);
  }

  /** What the gateway role knows of asynchronous responses; empty without that role. */
  public ResponseTable responses() {
    return responses;
  }

  /** The sessions of the processor's role; empty without it. */
  public Optional<SessionDirectory> sessions() {
    return Optional.ofNullable(sessions);
  }

  /** The process's metrics and traces. */
  public Telemetry telemetry() {
    return telemetry;
  }

  /** What ended the application, if it was a failure. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /** Hands over what is being generated, leaves the groups and closes. */
  @Override
  public void close() {
    // A processor can hand over whatever became of the other roles.
    KafkaStreams processor = instances.get(Role.PROCESSOR);
    if (processor != null && processor.state().isRunningOrRebalancing()) {
      handOver();
    }
    // By default an instance stays a member until its session times out, and its work waits.
    CloseOptions options =
        CloseOptions.timeout(CLOSE_TIMEOUT)
            .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
    boolean closed = true;
    for (KafkaStreams streams : instances.values()) {
      if (!streams.close(options)) {
        closed = false;
        LOG.warn("a Kafka Streams instance did not close within {}", CLOSE_TIMEOUT);
      } else if (stateDamaged) {
        streams.cleanUp();
      }
    }
    if (closed) { // otherwise stores still use it
      stateMemory.close();
    }
    if (openTransactions != null) {
      openTransactions.close();
    }
    observers.forEach(Runnable::run);
    metrics.close();
    telemetry.close();
  }
}
