package io.heterospec.topology.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.text.TextModel;
import io.heterospec.topology.CachelessEngine;
import io.heterospec.topology.DemoPair;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.cli.HeteroSpec;
import io.heterospec.topology.serve.WebSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** What compose starts is what the program understands, and dashboards ask for what it exports. */
class ComposeTest {
  private static final Path HOME = DemoPair.home();
  private static final Set<String> WITHOUT_SHELL = Set.of("collector", "tempo", "keys");
  private static final Pattern OURS =
      Pattern.compile("\\b(?:gen_ai|heterospec|kafka|messaging)_\\w+");
  private static final Pattern SAMPLE = Pattern.compile("^([a-zA-Z_:][\\w:]*)(?:\\{(.*)})? .*");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");

  private static final class IdleEngine extends CachelessEngine {
    @Override
    public boolean submit(GenerationRequest request, GenerationListener listener) {
      return false;
    }

    @Override
    public void cancel(String requestId) {}

    @Override
    public void abandon(String requestId) {}

    @Override
    public int load() {
      return 0;
    }

    @Override
    public TextModel model() {
      throw new UnsupportedOperationException("it has none");
    }

    @Override
    public void close() {}
  }

  private static Map<String, Map<String, Object>> services() throws IOException {
    try (Reader reader = Files.newBufferedReader(HOME.resolve("docker-compose.yml"))) {
      Map<String, Map<String, Map<String, Object>>> file = new Yaml().load(reader);
      return file.get("services");
    }
  }

  @SuppressWarnings("unchecked") // what the file holds
  private static List<String> strings(Map<String, Object> service, String key) {
    return (List<String>) service.getOrDefault(key, List.of());
  }

  @Test
  void everyServiceIsBoundedWatchedAndPublishedOnTheLoopbackInterfaceOnly() throws IOException {
    Map<String, Map<String, Object>> services = services();
    assertThat(services)
        .containsOnlyKeys(
            "kafka",
            "registry",
            "router",
            "processor",
            "gateway",
            "keys",
            "collector",
            "tempo",
            "prometheus",
            "grafana");
    services.forEach(
        (name, service) -> {
          assertThat(service.get("deploy").toString()).as(name).contains("cpus", "memory");
          assertThat(strings(service, "ports")).as(name).allMatch(p -> p.startsWith("127.0.0.1:"));
          if (!WITHOUT_SHELL.contains(name)) {
            assertThat(service.get("healthcheck").toString()).as(name).contains("test");
          }
          assertThat(strings(service, "volumes"))
              .as(name)
              .filteredOn(volume -> volume.startsWith("./"))
              .allMatch(volume -> Files.exists(HOME.resolve(volume.split(":", -1)[0])));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"router", "processor", "gateway"})
  void aRolesCommandAndSettingsAreLegal(String role) throws IOException {
    Map<String, Object> service = services().get(role);
    List<String> command = strings(service, "command");
    HeteroSpec.commandLine().parseArgs(command.toArray(String[]::new));
    assertThat(command).contains(role);
    String mounted = command.get(command.indexOf("--config") + 1);
    String local =
        strings(service, "volumes").stream()
            .filter(volume -> volume.contains(":" + mounted + ":"))
            .map(volume -> volume.split(":", -1)[0])
            .findFirst()
            .orElseThrow();
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(HOME.resolve(local))) {
      properties.load(reader);
    }
    Map<String, Object> settings = new HashMap<>();
    properties.stringPropertyNames().forEach(key -> settings.put(key, properties.get(key)));
    assertThat(settings.keySet())
        .filteredOn(key -> key.startsWith("heterospec."))
        .isSubsetOf(HeteroSpecConfig.definition().names());
    assertThat(WebSettings.of(HeteroSpecConfig.fromMap(settings)).port()).isEqualTo(8080);
  }

  @Test
  void theImageDoesNotRunAsRoot() throws IOException {
    List<String> users =
        Files.readAllLines(HOME.resolve("Dockerfile")).stream()
            .filter(line -> line.startsWith("USER "))
            .toList();
    assertThat(users).containsExactly("USER heterospec");
  }

  // Names of all metrics and of all their labels, as Prometheus reads them.
  private static Set<String> exported() throws IOException {
    Map<MetricName, Metric> kafka = new HashMap<>();
    BridgedMetric.ALL.forEach(
        bridged -> {
          Map<String, String> tags =
              bridged.tags().stream().collect(Collectors.toMap(tag -> tag, tag -> "x"));
          put(kafka, new MetricName(bridged.kafkaName(), bridged.group(), "", tags));
        });
    put(
        kafka,
        new MetricName(
            "records-lag",
            "consumer-fetch-manager-metrics",
            "",
            Map.of("topic", "t", "partition", "0")));
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (Telemetry telemetry = Telemetry.open("test");
        GenerationMetrics metrics = new GenerationMetrics(telemetry.sdk(), new IdleEngine());
        ConsumerLag lag = new ConsumerLag(telemetry.sdk(), "g", () -> kafka);
        KafkaMetrics bridge = new KafkaMetrics(telemetry.sdk(), "g", () -> kafka)) {
      assertThat(lag).isNotNull();
      assertThat(bridge).isNotNull();
      metrics.pending(1);
      metrics.duplicate();
      metrics.retry();
      metrics.cycle(TelemetryFixture.cycle(8, 5, 3, 64));
      metrics.firstToken(TelemetryFixture.pending(), TelemetryFixture.ARRIVED);
      metrics.finished(TelemetryFixture.ended(CacheTier.STORE, 5));
      telemetry.writeMetrics(text);
    }
    Set<String> names = new HashSet<>();
    for (String line : text.toString(StandardCharsets.UTF_8).split("\n", -1)) {
      Matcher sample = SAMPLE.matcher(line);
      if (!line.startsWith("#") && sample.matches()) {
        names.add(sample.group(1));
        Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
        while (label.find()) {
          names.add(label.group(1));
        }
      }
    }
    return names;
  }

  private static void put(Map<MetricName, Metric> metrics, MetricName name) {
    metrics.put(
        name,
        new Metric() {
          @Override
          public MetricName metricName() {
            return name;
          }

          @Override
          public Object metricValue() {
            return 1.0;
          }
        });
  }

  @Test
  void dashboardsAskOnlyForWhatTheProgramExports() throws IOException {
    Set<String> exported = exported();
    List<Path> dashboards;
    try (Stream<Path> files = Files.list(HOME.resolve("compose/grafana/dashboards"))) {
      dashboards = files.sorted().toList();
    }
    assertThat(dashboards)
        .extracting(file -> file.getFileName().toString())
        .containsExactly("kafka.json", "speculation.json", "text-generation.json");
    for (Path file : dashboards) {
      JsonNode dashboard = new ObjectMapper().readTree(file.toFile());
      assertThat(dashboard.path("panels")).as("%s", file).isNotEmpty();
      for (JsonNode panel : dashboard.path("panels")) {
        assertThat(panel.path("targets")).as("%s", panel.path("title")).isNotEmpty();
        for (JsonNode target : panel.path("targets")) {
          Set<String> asked =
              OURS.matcher(target.path("expr").asText())
                  .results()
                  .map(found -> found.group())
                  .collect(Collectors.toSet());
          assertThat(asked).as("%s", panel.path("title")).isNotEmpty().isSubsetOf(exported);
        }
      }
    }
  }
}
