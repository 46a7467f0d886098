package io.heterospec.topology;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.schemas.Sampling;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.embedded.LoopbackPort;
import io.heterospec.topology.embedded.SchemaRegistryServer;
import io.heterospec.topology.serve.HttpService;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A session on a cluster of two instances: any of them knows it, and it outlives its own. */
class SessionHandoverTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String SESSION = "talk";
  private static final String STORY =
      "Tell me about the harbour, the ships and the weather, and what the captain did. ".repeat(4);

  @TempDir Path directory;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private EmbeddedBroker broker;
  private SchemaRegistryServer registry;

  @AfterEach
  void close() throws Exception {
    while (!parts.isEmpty()) {
      parts.pop().close();
    }
  }

  private <T extends AutoCloseable> T keep(T part) {
    parts.push(part);
    return part;
  }

  private HeteroSpecConfig config(String name, String protocol) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put(RegistryConfig.URL, registry.url());
    settings.put(HeteroSpecConfig.STATE_DIR, directory.resolve(name).toString());
    settings.put(HeteroSpecConfig.PARTITIONS, "1");
    settings.put(HeteroSpecConfig.REPLICATION, "1");
    settings.put(HeteroSpecConfig.HTTP_PORT, Integer.toString(LoopbackPort.any()));
    settings.put("group.protocol", protocol);
    return HeteroSpecConfig.fromMap(settings);
  }

  /** One process of the cluster: an engine, the application, HTTP. */
  private final class Instance implements AutoCloseable {
    private final TorchEngine engine =
        TorchEngine.open(
            EngineOptions.of(DemoPair.target(), DemoPair.draft())
                .withName("demo")
                .withMode("heterospec")
                .withThreads(1));
    private final HeteroSpecConfig config;
    private final HeteroSpecApplication application;
    private final HttpService http;

    Instance(String name, String protocol) {
      config = config(name, protocol); // as late as can be: the port that it finds is free now
      application =
          HeteroSpecApplication.create(config, engine, EnumSet.of(Role.ROUTER, Role.PROCESSOR));
      http = HttpService.start(config, null, application, engine);
      application.start();
    }

    @Override
    public void close() {
      http.close();
      application.close();
      engine.close();
    }
  }

  private static Completion turn(HeteroSpecConfig config, String id, String text)
      throws InterruptedException {
    List<Completion> completions = new ArrayList<>();
    try (EventReader reader = EventReader.ofCompletions(config);
        PromptPublisher publisher = new PromptPublisher(config)) {
      publisher.publish(
          PromptEvent.newBuilder()
              .setRequestId(id)
              .setSessionId(SESSION)
              .setMessages(List.of(new ChatMessage("user", text)))
              .setSampling(Sampling.newBuilder().setMaxTokens(24).setIgnoreEos(true).build())
              .build());
      Awaitility.await()
          .atMost(LIMIT)
          .until(
              () -> {
                reader.poll(
                    Duration.ofMillis(100),
                    new EventReader.Handler() {
                      @Override
                      public void onCompletion(Completion completion) {
                        completions.add(completion);
                      }
                    });
                return !completions.isEmpty();
              });
    }
    return completions.get(0);
  }

  private static JsonNode get(String url) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    return new ObjectMapper()
        .readTree(
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  private static JsonNode list(Instance instance) throws Exception {
    return get(instance.http.url() + "/sessions").path("sessions");
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "streams"})
  void aSessionIsKnownEverywhereAndGoesOnElsewhereFromItsChangelog(String protocol)
      throws Exception {
    broker = keep(EmbeddedBroker.start(directory.resolve("broker"), 0, Map.of()));
    registry = keep(SchemaRegistryServer.start(broker.bootstrapServers(), 0));
    Instance first = keep(new Instance("first", protocol));
    assertThat(first.application.awaitRunning(LIMIT)).isTrue();
    Completion one = turn(first.config, "one", STORY);
    int tokens = one.getUsage().getPromptTokens() + one.getUsage().getCompletionTokens();
    Instance second = keep(new Instance("second", protocol));

    Awaitility.await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              for (Instance each : List.of(first, second)) {
                JsonNode session = list(each).path(0);
                assertThat(session.path("id").asText()).isEqualTo(SESSION);
                assertThat(session.path("tokens").asInt()).isEqualTo(tokens);
                assertThat(session.path("turns").asInt()).isEqualTo(1);
                JsonNode shown = get(each.http.url() + "/sessions/" + SESSION);
                assertThat(shown.path("stored_tokens").asInt()).isEqualTo(tokens - 1);
                assertThat(shown.path("instance").asText())
                    .isEqualTo(session.path("instance").asText());
              }
            });
    String owner = list(second).path(0).path("instance").asText();
    boolean firstOwns = first.http.url().endsWith(owner);
    Instance leaving = firstOwns ? first : second;
    parts.remove(leaving);
    leaving.close();
    Completion two = turn(first.config, "two", "And then?");

    assertThat(two.getUsage().getCachedTokens()).isEqualTo(tokens - 1);
    assertThat(
            get((firstOwns ? second : first).http.url() + "/sessions/" + SESSION)
                .path("turns")
                .asInt())
        .isEqualTo(2);
    assertThat(get((firstOwns ? second : first).http.url() + "/sessions/nobody").toString())
        .contains("session_not_found");
  }
}
