package io.heterospec.topology.cli;

import io.heterospec.schemas.RegistryConfig;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.embedded.LoopbackPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * A broker, a registry, a router and processors, each a process of its own. Like a service manager
 * it starts again what ends by itself.
 */
final class ChaosCluster implements AutoCloseable {
  static final Duration SESSION_TIMEOUT = Duration.ofSeconds(6);

  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final String BROKER = "broker";
  private static final String REGISTRY = "registry";
  private static final String ROUTER = "router";
  private static final int PARTITIONS = 4;

  private final Path directory;
  private final int brokerPort = LoopbackPort.any();
  private final int registryPort = LoopbackPort.any();
  private final Map<String, ChildProcess> processes = new LinkedHashMap<>();
  private final List<String> instances = new ArrayList<>();
  private final Map<String, Integer> httpPorts = new HashMap<>();
  private final Map<String, String> clients;
  private final String protocol;
  private int restarts;
  private int damagedPages;

  /**
   * @param directory where the processes keep their data and their logs
   * @param protocol {@code classic} or {@code streams}
   * @param instanceSettings of the instances, beyond what makes them a cluster
   */
  ChaosCluster(
      Path directory, int instanceCount, String protocol, Map<String, String> instanceSettings) {
    this.directory = directory;
    this.protocol = protocol;
    for (int i = 1; i <= instanceCount; i++) {
      instances.add("processor-" + i);
    }
    clients =
        Map.of(
            "bootstrap.servers",
            "127.0.0.1:" + brokerPort,
            RegistryConfig.URL,
            "http://127.0.0.1:" + registryPort,
            HeteroSpecConfig.PARTITIONS,
            Integer.toString(PARTITIONS),
            HeteroSpecConfig.REPLICATION,
            "1");
    settings(ROUTER, Map.of());
    for (String instance : instances) {
      int port = LoopbackPort.any();
      httpPorts.put(instance, port);
      Map<String, String> all = new HashMap<>(instanceSettings);
      all.put(HeteroSpecConfig.HTTP_PORT, Integer.toString(port));
      settings(instance, all);
    }
  }

  /** Settings of a client of this cluster. */
  HeteroSpecConfig config() {
    return HeteroSpecConfig.fromMap(clients);
  }

  List<String> instances() {
    return List.copyOf(instances);
  }

  /** The group of the instances; the caller's to close. */
  ChaosGroup group() {
    return new ChaosGroup(config(), protocol, PARTITIONS);
  }

  /** For looking at an instance that was started. */
  InstanceProbe probe(String instance) {
    return new InstanceProbe(
        process(instance), state(instance), "http://127.0.0.1:" + httpPorts.get(instance));
  }

  private void settings(String name, Map<String, String> more) {
    Properties settings = new Properties();
    settings.putAll(clients);
    settings.putAll(more);
    settings.put("client.id", name);
    settings.put("group.protocol", protocol);
    settings.put(HeteroSpecConfig.STATE_DIR, state(name).toString());
    try (Writer file = Files.newBufferedWriter(file(name))) {
      settings.store(file, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path state(String name) {
    return directory.resolve("state-" + name);
  }

  private Path file(String name) {
    return directory.resolve(name + ".properties");
  }

  /** Starts broker and registry and waits until they answer. */
  void startServers() throws InterruptedException {
    startBroker();
    startRegistry();
  }

  /** Starts router and processors. */
  void startApplication() {
    start(ROUTER);
    for (String instance : instances) {
      start(instance);
    }
  }

  private void startBroker() throws InterruptedException {
    launchAndWait(
        BROKER,
        "broker",
        "--data-dir",
        directory.resolve("data").toString(),
        "--port",
        Integer.toString(brokerPort));
  }

  void startRegistry() throws InterruptedException {
    launchAndWait(
        REGISTRY,
        "registry",
        "--bootstrap-servers",
        "127.0.0.1:" + brokerPort,
        "--port",
        Integer.toString(registryPort));
  }

  private void launchAndWait(String name, String... arguments) throws InterruptedException {
    Path log = log(name);
    try {
      Files.deleteIfExists(log); // what an earlier run said would be taken for this one's
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    processes.put(name, ChildProcess.start(log, List.of(arguments)));
    processes.get(name).awaitOutput(ServerCommands.READY, START_LIMIT);
  }

  private Path log(String name) {
    return directory.resolve(name + ".log");
  }

  /** Starts the router or an instance. */
  void start(String name) {
    List<String> arguments = new ArrayList<>(List.of("run", "--config", file(name).toString()));
    if (name.equals(ROUTER)) {
      arguments.addAll(List.of("--role", "router"));
    } else {
      // Rounding differs between batches of another shape: in fp32 no tie of the demo pair flips.
      arguments.addAll(
          List.of("--role", "processor", "--threads", "1", "--dtype", "fp32", "--cache-mb", "64"));
    }
    processes.put(name, ChildProcess.start(log(name), arguments));
  }

  ChildProcess process(String name) {
    return processes.get(name);
  }

  ChildProcess registry() {
    return processes.get(REGISTRY);
  }

  /** Kills the broker and starts it again on its data. */
  void restartBroker() throws InterruptedException {
    processes.get(BROKER).kill();
    startBroker();
  }

  /**
   * Starts what has ended by itself.
   *
   * @param except down on purpose
   */
  void supervise(String except) throws InterruptedException {
    for (Map.Entry<String, ChildProcess> entry : List.copyOf(processes.entrySet())) {
      String name = entry.getKey();
      if (entry.getValue().isAlive() || name.equals(except)) {
        continue;
      }
      restarts++;
      if (name.equals(BROKER)) {
        startBroker();
      } else if (name.equals(REGISTRY)) {
        startRegistry();
      } else {
        start(name);
      }
    }
  }

  /** Processes that ended by themselves and were started again. */
  int restarts() {
    return restarts;
  }

  /** Deletes an instance's local state. */
  void wipeState(String instance) {
    try (Stream<Path> files = files(instance)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Overwrites the middle of every table file of an instance's stores. */
  void corruptState(String instance) {
    try (Stream<Path> files = files(instance)) {
      for (Path path : files.filter(each -> each.toString().endsWith(".sst")).toList()) {
        byte[] bytes = Files.readAllBytes(path);
        for (int i = 0; i < bytes.length / 2; i++) {
          bytes[i] ^= 0x5a;
        }
        Files.write(path, bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Changes a byte in every page of an instance's session caches. */
  void damagePages(String instance) {
    damagedPages += DamagedPages.damage(state(instance));
  }

  /** Pages damaged so far. */
  int damagedPages() {
    return damagedPages;
  }

  private Stream<Path> files(String instance) throws IOException {
    return Files.exists(state(instance)) ? Files.walk(state(instance)) : Stream.empty();
  }

  @Override
  public void close() throws InterruptedException {
    List<ChildProcess> all = new ArrayList<>(processes.values());
    for (int i = all.size() - 1; i >= 0; i--) {
      all.get(i).close();
    }
  }
}
