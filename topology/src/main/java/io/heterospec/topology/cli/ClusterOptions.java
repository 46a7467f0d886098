package io.heterospec.topology.cli;

import io.heterospec.schemas.Topics;
import io.heterospec.topology.HeteroSpecConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import picocli.CommandLine.Option;

/** Options of commands that talk to a running cluster. */
final class ClusterOptions {
  private static final String LOCAL = "127.0.0.1:9092";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Settings of the cluster, such as the file of 'run': security, names of topics. Other"
              + " options win over it.")
  Path file;

  @Option(names = "--bootstrap-servers", description = "Default: the file's, or " + LOCAL + ".")
  String bootstrapServers;

  @Option(
      names = "--topic-prefix",
      paramLabel = "PREFIX",
      description =
          "What names of topics start with. Default: the file's, or " + Topics.DEFAULT_PREFIX)
  String prefix;

  /**
   * The settings, the caller's to change.
   *
   * @throws UsageException when the file cannot be used
   */
  Map<String, Object> settings() {
    Map<String, Object> settings = file == null ? new HashMap<>() : SettingsFile.read(file);
    if (bootstrapServers != null) {
      settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    } else if (file != null) {
      SettingsFile.requireBrokers(settings, file);
    } else {
      settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, LOCAL);
    }
    if (prefix != null) {
      settings.put(HeteroSpecConfig.TOPIC_PREFIX, prefix);
    }
    return settings;
  }
}
