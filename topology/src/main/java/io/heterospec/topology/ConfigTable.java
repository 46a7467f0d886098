package io.heterospec.topology;

import java.util.Comparator;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;

/** A {@link ConfigDef} as the table of the README. */
public final class ConfigTable {
  private ConfigTable() {}

  /** Markdown, keys in alphabetical order. */
  public static String markdown(ConfigDef definition) {
    return "| key | default | meaning |\n|---|---|---|\n"
        + definition.configKeys().values().stream()
            .sorted(Comparator.comparing(key -> key.name))
            .map(ConfigTable::row)
            .collect(Collectors.joining("\n", "", "\n"));
  }

  private static String row(ConfigKey key) {
    String initial = ConfigDef.convertToString(key.defaultValue, key.type);
    return "| `%s` | %s | %s |"
        .formatted(
            key.name,
            initial == null || initial.isEmpty() ? "" : "`" + initial + "`",
            key.documentation);
  }
}
