package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import org.apache.kafka.clients.CommonClientConfigs;

/** Settings of the application and of Kafka in a file, as {@code .properties} or {@code .yaml}. */
final class SettingsFile {
  private SettingsFile() {}

  /**
   * @return its keys and values, the caller's to change
   * @throws UsageException when it cannot be read
   */
  static Map<String, Object> read(Path file) {
    Map<String, Object> settings = new HashMap<>();
    String name = file.getFileName().toString();
    try (Reader reader = Files.newBufferedReader(file)) {
      if (name.endsWith(".yaml") || name.endsWith(".yml")) {
        flatten("", new YAMLMapper().readTree(reader), settings);
      } else {
        Properties properties = new Properties();
        properties.load(reader);
        properties.stringPropertyNames().forEach(k -> settings.put(k, properties.getProperty(k)));
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new UsageException("config file " + file + " cannot be read: " + e.getMessage(), e);
    }
    return settings;
  }

  /**
   * @param settings of the file
   * @throws UsageException when they name no broker
   */
  static void requireBrokers(Map<String, Object> settings, Path file) {
    if (!settings.containsKey(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG)) {
      throw new UsageException("config file " + file + " has no bootstrap.servers");
    }
  }

  // Nested YAML keys are joined by dots, and a list's elements by commas, so that either way of
  // writing them works.
  private static void flatten(String prefix, JsonNode node, Map<String, Object> settings) {
    if (node.isObject()) {
      node.properties()
          .forEach(
              field ->
                  flatten(
                      prefix.isEmpty() ? field.getKey() : prefix + '.' + field.getKey(),
                      field.getValue(),
                      settings));
    } else if (prefix.isEmpty()) {
      throw new IllegalArgumentException("it holds no keys");
    } else {
      settings.put(prefix, node.isArray() ? joined(prefix, node) : node.asText());
    }
  }

  private static String joined(String key, JsonNode list) {
    StringJoiner elements = new StringJoiner(",");
    for (JsonNode element : list) {
      if (!element.isValueNode()) {
        throw new IllegalArgumentException("an element of the list " + key + " is no plain value");
      }
      elements.add(element.asText());
    }
    return elements.toString();
  }
}
