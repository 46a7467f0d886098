package io.heterospec.topology.embedded;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The settings of a single broker for one small machine: quick to start, few files, no replicas.
 */
final class BrokerSettings {

  static final int NODE_ID = 1;
  static final String CONTROLLER_LISTENER = "CONTROLLER";

  private BrokerSettings() {}

  static Map<String, String> of(
      Path logs, int port, int controllerPort, Map<String, String> overrides) {
    Map<String, String> settings = new HashMap<>();
    addListeners(settings, port, controllerPort);
    settings.put("log.dirs", logs.toString());
    addSingleReplica(settings);
    addQuickCoordination(settings);
    settings.put("auto.create.topics.enable", "false");
    // 8 and 3 by default: on a small machine more threads only mean more switches.
    settings.put("num.io.threads", "2");
    settings.put("num.network.threads", "1");
    // 128 MiB by default.
    settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
    settings.putAll(overrides);
    return settings;
  }

  private static void addListeners(Map<String, String> settings, int port, int controllerPort) {
    String broker = "PLAINTEXT://" + LoopbackPort.HOST + ":" + port;
    String controller = LoopbackPort.HOST + ":" + controllerPort;
    settings.put("node.id", Integer.toString(NODE_ID));
    settings.put("process.roles", "broker,controller");
    settings.put("listeners", broker + "," + CONTROLLER_LISTENER + "://" + controller);
    settings.put("advertised.listeners", broker);
    settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("inter.broker.listener.name", "PLAINTEXT");
    settings.put("controller.listener.names", CONTROLLER_LISTENER);
    settings.put("controller.quorum.voters", NODE_ID + "@" + controller);
  }

  private static void addSingleReplica(Map<String, String> settings) {
    settings.put("default.replication.factor", "1");
    settings.put("min.insync.replicas", "1");
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("transaction.state.log.replication.factor", "1");
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    // 50 each by default: slow to create, and many files.
    settings.put("offsets.topic.num.partitions", "5");
    settings.put("transaction.state.log.num.partitions", "5");
    settings.put("share.coordinator.state.topic.num.partitions", "5");
  }

  private static void addQuickCoordination(Map<String, String> settings) {
    // How long to wait for more members of a group: 3 s by default, and there are none.
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("group.streams.initial.rebalance.delay.ms", "0");
    // 5 s by default: a first start of the streams protocol waits for one.
    settings.put("group.streams.heartbeat.interval.ms", "500");
    settings.put("group.streams.min.heartbeat.interval.ms", "500");
    // 45 s by default: how long the work of a member that died waits.
    settings.put("group.streams.session.timeout.ms", "6000");
    settings.put("group.streams.min.session.timeout.ms", "6000");
    // 9 s by default: how long a start after kill -9 waits for the dead incarnation to be fenced.
    settings.put("broker.session.timeout.ms", "3000");
    settings.put("broker.heartbeat.interval.ms", "500");
  }
}
