package io.heterospec.topology.embedded;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker and its controller in this process, for trying things out and for one machine. It
 * listens on the loopback interface only and keeps its data in a directory that survives restarts,
 * {@code kill -9} included.
 */
public final class EmbeddedBroker implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

  private final DataDirectory directory;
  private final KafkaRaftServer server;
  private final String bootstrapServers;

  private EmbeddedBroker(DataDirectory directory, KafkaRaftServer server, int port) {
    this.directory = directory;
    this.server = server;
    this.bootstrapServers = LoopbackPort.HOST + ":" + port;
  }

  /**
   * Starts a broker and waits until it answers.
   *
   * @param dataDirectory where it keeps its data, in a subdirectory {@code kafka}; created when
   *     missing, locked while in use, never emptied
   * @param port port of the loopback interface; 0 for any free one
   * @param overrides broker settings that replace the defaults made for a single small broker
   * @throws UnusableResourceException when the port is taken or the directory cannot be used
   * @throws IllegalStateException when the broker does not come up
   */
  public static EmbeddedBroker start(Path dataDirectory, int port, Map<String, String> overrides) {
    int chosen = LoopbackPort.choose("broker", port);
    DataDirectory directory = DataDirectory.lock(dataDirectory);
    EmbeddedBroker broker = null;
    boolean up = false;
    try {
      if (!directory.isFormatted()) {
        format(directory.brokerLogs().toString());
      }
      Map<String, String> settings =
          BrokerSettings.of(directory.brokerLogs(), chosen, LoopbackPort.any(), overrides);
      KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(settings, false), Time.SYSTEM);
      broker = new EmbeddedBroker(directory, server, chosen);
      server.startup();
      broker.awaitAnswer();
      up = true;
      return broker;
    } finally {
      // Not a catch: Kafka's Scala code throws checked exceptions that it does not declare.
      if (!up && broker != null) {
        broker.close();
      } else if (!up) {
        directory.close();
      }
    }
  }

  /** The address for clients, {@code host:port}. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  /**
   * Stops the broker and frees its directory. Returns after 30 seconds at the latest; a broker that
   * needs longer goes on stopping and keeps its directory locked meanwhile.
   */
  @Override
  public void close() {
    Thread stopping = new Thread(this::stop, "embedded-broker-stop");
    stopping.setDaemon(true);
    stopping.start();
    try {
      stopping.join(STOP_LIMIT.toMillis());
      if (stopping.isAlive()) {
        LOG.warn("The embedded broker is still stopping after {} s", STOP_LIMIT.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop() {
    server.shutdown();
    server.awaitShutdown();
    directory.close();
  }

  private void awaitAnswer() {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
      admin.describeCluster().nodes().get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(
          "The embedded broker at %s does not answer; see its log".formatted(bootstrapServers), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while the embedded broker was starting", e);
    }
  }

  private static void format(String logs) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try {
      new Formatter()
          .setPrintStream(new PrintStream(said, true, StandardCharsets.UTF_8))
          .setNodeId(BrokerSettings.NODE_ID)
          .setClusterId(Uuid.randomUuid().toString())
          .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
          .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
          .setControllerListenerName(BrokerSettings.CONTROLLER_LISTENER)
          .setMetadataLogDirectory(logs)
          .addDirectory(logs)
          .setIgnoreFormatted(true)
          .run();
    } catch (Exception e) { // declared so by Kafka
      throw new IllegalStateException(
          "The broker's directory %s cannot be formatted: %s"
              .formatted(logs, said.toString(StandardCharsets.UTF_8).strip()),
          e);
    }
  }
}
