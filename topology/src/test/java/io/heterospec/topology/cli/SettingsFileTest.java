package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.HeteroSpecConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsFileTest {
  @TempDir Path directory;

  private Map<String, Object> yaml(String text) throws IOException {
    return SettingsFile.read(Files.writeString(directory.resolve("run.yaml"), text));
  }

  @Test
  void nestedKeysAreJoinedByDots() throws IOException {
    assertThat(yaml("heterospec:\n  topic: {partitions: 3}\n  topic.prefix: a.\n"))
        .containsOnly(
            Map.entry("heterospec.topic.partitions", "3"),
            Map.entry("heterospec.topic.prefix", "a."));
  }

  @Test
  void aListIsItsElementsJoinedByCommas() throws IOException {
    Map<String, Object> settings =
        yaml(
            """
            bootstrap.servers: [a:9092, b:9092]
            heterospec:
              routes:
                - llama:small
                - qwen:large
              http.cors.origins: []
            """);
    assertThat(settings).containsEntry("bootstrap.servers", "a:9092,b:9092");
    HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings);
    assertThat(config.routes())
        .containsExactly(Map.entry("llama", "small"), Map.entry("qwen", "large"));
    assertThat(config.getList(HeteroSpecConfig.CORS_ORIGINS)).isEmpty();
  }

  @Test
  void aListOfOtherThanPlainValuesIsRefusedByItsName() {
    assertThatThrownBy(() -> yaml("heterospec: {routes: [{llama: small}, qwen:large]}"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("run.yaml")
        .hasMessageContaining("heterospec.routes");
  }
}
