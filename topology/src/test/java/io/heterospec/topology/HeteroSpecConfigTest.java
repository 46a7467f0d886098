package io.heterospec.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;

class HeteroSpecConfigTest {

  private static HeteroSpecConfig config(String... pairs) {
    Map<String, String> settings = new HashMap<>(Map.of("bootstrap.servers", "b:1"));
    for (int i = 0; i < pairs.length; i += 2) {
      settings.put(pairs[i], pairs[i + 1]);
    }
    return HeteroSpecConfig.fromMap(settings);
  }

  @Test
  void theProcessorIsExactlyOnceWhateverIsConfigured() {
    Properties properties =
        config("processing.guarantee", "at_least_once", "heterospec.pool", "p")
            .processorProperties();
    assertThat(properties.get(StreamsConfig.PROCESSING_GUARANTEE_CONFIG))
        .isEqualTo(StreamsConfig.EXACTLY_ONCE_V2);
    assertThat(properties.get(StreamsConfig.APPLICATION_ID_CONFIG))
        .isEqualTo("heterospec-processor-p");
  }

  @Test
  void keysOfClientsPassThroughAndOwnOnesStay() {
    HeteroSpecConfig config =
        config(
            "security.protocol", "SSL", "heterospec.pool", "p", "schema.registry.url", "http://r");
    assertThat(config.clientSettings())
        .containsEntry("security.protocol", "SSL")
        .containsEntry("schema.registry.url", "http://r")
        .doesNotContainKey("heterospec.pool");
    assertThat(config.routerProperties()).containsEntry("security.protocol", "SSL");
  }

  @Test
  void usersCanChangeWhatIsOnlyADefault() {
    assertThat(config("poll.ms", "99").processorProperties()).containsEntry("poll.ms", "99");
    assertThat(config().processorProperties()).containsEntry("poll.ms", "10");
    assertThat(config("session.timeout.ms", "9000").processorProperties())
        .containsEntry("session.timeout.ms", "9000")
        .doesNotContainKey("consumer.session.timeout.ms");
  }

  @Test
  void aProcessorAdvertisesTheAddressOfItsHttpWhereThatIsKnown() {
    assertThat(config("heterospec.http.port", "81").processorProperties())
        .containsEntry("application.server", "127.0.0.1:81");
    assertThat(config().processorProperties()).doesNotContainKey("application.server");
    assertThat(config("heterospec.http.port", "0").processorProperties())
        .doesNotContainKey("application.server");
    assertThat(
            config("heterospec.http.port", "81", "heterospec.http.host", "0.0.0.0")
                .processorProperties())
        .doesNotContainKey("application.server");
    assertThat(
            config("heterospec.http.port", "0", "application.server", "node:81")
                .processorProperties())
        .containsEntry("application.server", "node:81");
  }

  @Test
  void routesNameAPoolForEachModelInOrder() {
    assertThat(config().routes()).containsExactly(Map.entry("demo", "default"));
    assertThat(config("heterospec.routes", "b:x,a:y").routes())
        .containsExactly(Map.entry("b", "x"), Map.entry("a", "y"));
    assertThatThrownBy(() -> config("heterospec.routes", "demo"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("model:pool");
  }

  @Test
  void valuesOutOfRangeAreRefusedByName() {
    for (String interval : List.of("0", "1001")) {
      assertThatThrownBy(() -> config("heterospec.commit.interval.ms", interval))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("heterospec.commit.interval.ms");
    }
    assertThatThrownBy(() -> config("heterospec.topic.partitions", "many"))
        .hasMessageContaining("heterospec.topic.partitions");
  }

  @Test
  void theComposeFilesSettingsAreLegal() throws IOException {
    Properties properties = new Properties();
    try (Reader reader =
        Files.newBufferedReader(DemoPair.home().resolve("compose/heterospec.properties"))) {
      properties.load(reader);
    }
    Map<String, String> settings = new HashMap<>();
    properties.stringPropertyNames().forEach(k -> settings.put(k, properties.getProperty(k)));
    assertThat(settings.keySet())
        .filteredOn(key -> key.startsWith("heterospec."))
        .isSubsetOf(HeteroSpecConfig.definition().names());
    assertThat(HeteroSpecConfig.fromMap(settings).processorProperties()).isNotEmpty();
  }
}
