package io.heterospec.topology.serve;

import io.heterospec.processor.engine.DecodeEngine;
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
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** A broker, a registry, the application around an engine, and gateways. */
final class GatewayCluster implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final Path directory;
  private final EmbeddedBroker broker;
  private final SchemaRegistryServer registry;
  final HttpService http;

  GatewayCluster(Path directory, DecodeEngine engine, Map<String, String> settings)
      throws InterruptedException {
    this.directory = directory;
    broker = keep(EmbeddedBroker.start(directory.resolve("broker"), 0, Map.of()));
    registry = keep(SchemaRegistryServer.start(broker.bootstrapServers(), 0));
    http = process(EnumSet.allOf(Role.class), engine, "first", settings);
  }

  /** Another gateway, as a process of its own would be. */
  HttpService anotherGateway(Map<String, String> settings) throws InterruptedException {
    return process(EnumSet.of(Role.GATEWAY), null, "second", settings);
  }

  String bootstrapServers() {
    return broker.bootstrapServers();
  }

  private HttpService process(
      Set<Role> roles, DecodeEngine engine, String name, Map<String, String> more)
      throws InterruptedException {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put(RegistryConfig.URL, registry.url());
    settings.put(HeteroSpecConfig.STATE_DIR, directory.resolve(name).toString());
    settings.put(HeteroSpecConfig.PARTITIONS, "2");
    settings.put(HeteroSpecConfig.REPLICATION, "1");
    HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings);
    HeteroSpecApplication application = keep(HeteroSpecApplication.create(config, engine, roles));
    application.start();
    if (!application.awaitRunning(LIMIT)) {
      throw new AssertionError("not running: " + application.states());
    }
    return keep(HttpService.start(config, 0, application, engine));
  }

  private <T extends AutoCloseable> T keep(T part) {
    parts.push(part);
    return part;
  }

  @Override
  public void close() throws Exception {
    while (!parts.isEmpty()) {
      parts.pop().close();
    }
  }
}
