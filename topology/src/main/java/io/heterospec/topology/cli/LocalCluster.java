package io.heterospec.topology.cli;

import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.topology.HeteroSpecApplication;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.Role;
import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.embedded.SchemaRegistryServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.CommonClientConfigs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything on one machine: broker, registry, engine and application, on the loopback interface.
 */
final class LocalCluster implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalCluster.class);
  private static final Duration START_LIMIT = Duration.ofSeconds(90);

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final EmbeddedBroker broker;
  private final SchemaRegistryServer registry;
  private final TorchEngine engine;
  private final HeteroSpecConfig config;
  private final HeteroSpecApplication application;

  private LocalCluster(
      Path data, int brokerPort, int registryPort, EngineOptions options, Set<Role> roles)
      throws InterruptedException {
    boolean started = false;
    try {
      // The engine first: it is what most often cannot be opened, and nothing needs undoing then.
      engine = keep(LoadBar.open(options));
      broker = keep(EmbeddedBroker.start(data, brokerPort, Map.of()));
      registry = keep(SchemaRegistryServer.start(broker.bootstrapServers(), registryPort));
      config = HeteroSpecConfig.fromMap(settings(data));
      application = keep(HeteroSpecApplication.create(config, engine, roles));
      application.start();
      if (!application.awaitRunning(START_LIMIT)) {
        throw new IllegalStateException(
            "the application did not start"
                + application.failure().map(cause -> ": " + cause.getMessage()).orElse(""));
      }
      started = true;
    } finally {
      if (!started) {
        close();
      }
    }
  }

  /**
   * Starts all parts and waits until they work.
   *
   * @param data directory that keeps topics, schemas and state
   * @param brokerPort 0 for any free one, as for the registry's
   * @param roles of the application
   */
  static LocalCluster start(
      Path data, int brokerPort, int registryPort, EngineOptions options, Set<Role> roles)
      throws InterruptedException {
    return new LocalCluster(data, brokerPort, registryPort, options, roles);
  }

  private <T extends AutoCloseable> T keep(T part) {
    parts.push(part);
    return part;
  }

  private Map<String, Object> settings(Path data) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
    settings.put(RegistryConfig.URL, registry.url());
    settings.put(HeteroSpecConfig.STATE_DIR, data.resolve("state").toString());
    settings.put(HeteroSpecConfig.MODEL_NAME, engine.model().name());
    // One machine, one thread: more partitions would only mean more tasks to switch between.
    settings.put(HeteroSpecConfig.PARTITIONS, "2");
    settings.put(HeteroSpecConfig.REPLICATION, "1");
    return settings;
  }

  HeteroSpecConfig config() {
    return config;
  }

  TorchEngine engine() {
    return engine;
  }

  HeteroSpecApplication application() {
    return application;
  }

  String bootstrapServers() {
    return broker.bootstrapServers();
  }

  String registryUrl() {
    return registry.url();
  }

  @Override
  public void close() {
    while (!parts.isEmpty()) {
      AutoCloseable part = parts.pop();
      try {
        part.close();
      } catch (Exception e) {
        LOG.warn("{} did not close cleanly", part.getClass().getSimpleName(), e);
      }
    }
  }
}
