package io.heterospec.topology.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.completions.CompletionUsage;
import com.openai.models.models.Model;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStatus;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.topology.DemoPair;
import io.heterospec.topology.HeteroSpecConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's own clients against the gateway, with the bundled model behind it. */
class OpenAiClientsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String QUESTION = "How do I list hidden files?";

  @TempDir static Path directory;

  private static TorchEngine engine;
  private static GatewayCluster cluster;
  private static HttpService second;
  private static String key;
  private static OpenAIClient client;
  private static OpenAIClient elsewhere;

  @BeforeAll
  static void start() throws Exception {
    Path keys = directory.resolve("keys");
    key = ApiKeys.create(keys, "alice");
    Map<String, String> settings = Map.of(HeteroSpecConfig.API_KEYS, keys.toString());
    engine =
        TorchEngine.open(EngineOptions.of(DemoPair.target(), null).withName("demo").withThreads(1));
    cluster = new GatewayCluster(directory, engine, settings);
    second = cluster.anotherGateway(settings);
    client = client(cluster.http, key);
    elsewhere = client(second, key);
  }

  @AfterAll
  static void stop() throws Exception {
    client.close();
    elsewhere.close();
    cluster.close();
    engine.close();
  }

  private static OpenAIClient client(HttpService http, String key) {
    return OpenAIOkHttpClient.builder()
        .baseUrl(http.url() + "/v1")
        .apiKey(key)
        .maxRetries(0)
        .build();
  }

  private static ChatCompletionCreateParams.Builder question(int maxTokens) {
    return ChatCompletionCreateParams.builder()
        .model("demo")
        .addUserMessage(QUESTION)
        .maxCompletionTokens(maxTokens)
        .temperature(0);
  }

  private static ResponseCreateParams.Builder poem() {
    return ResponseCreateParams.builder()
        .model("demo")
        .input("Write a poem about the sea")
        .background(true);
  }

  private static ResponseStatus status(OpenAIClient asked, String id) {
    return asked.responses().retrieve(id).status().orElseThrow();
  }

  @Test
  void modelsAreListed() {
    assertThat(client.models().list().data()).extracting(Model::id).containsExactly("demo");
    assertThat(client.models().retrieve("demo").id()).isEqualTo("demo");
  }

  @Test
  void aStreamGivesTheTextAndTheUsageOfTheWholeAnswer() {
    ChatCompletion whole = client.chat().completions().create(question(24).build());
    StringBuilder streamed = new StringBuilder();
    CompletionUsage usage = null;
    ChatCompletionCreateParams streaming =
        question(24)
            .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
            .build();
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(streaming)) {
      for (ChatCompletionChunk chunk : (Iterable<ChatCompletionChunk>) stream.stream()::iterator) {
        chunk.choices().forEach(c -> c.delta().content().ifPresent(streamed::append));
        usage = chunk.usage().orElse(usage);
      }
    }
    assertThat(streamed).hasToString(whole.choices().get(0).message().content().orElseThrow());
    assertThat(whole.usage().orElseThrow().completionTokens()).isBetween(1L, 24L);
    assertThat(usage).isEqualTo(whole.usage().orElseThrow());
  }

  @Test
  void samplingIsReproducibleByItsSeedAndEndsAtAStop() {
    CompletionCreateParams.Builder params =
        CompletionCreateParams.builder()
            .model("demo")
            .prompt("def add(a, b):")
            .maxTokens(32)
            .temperature(0.9)
            .topP(0.9)
            .seed(11);
    String text = client.completions().create(params.build()).choices().get(0).text();
    assertThat(client.completions().create(params.build()).choices().get(0).text()).isEqualTo(text);
    String stop = text.substring(text.length() / 2, text.length() / 2 + 1);
    var stopped = client.completions().create(params.stop(stop).build()).choices().get(0);
    assertThat(stopped.text()).isEqualTo(text.substring(0, text.indexOf(stop)));
    assertThat(stopped.finishReason()).hasToString("stop");
  }

  @Test
  void aSessionKnowsItsEarlierTurns() {
    String answer = "Use ls.";
    ChatCompletionCreateParams.Builder turn =
        question(4).putAdditionalHeader("X-Session-Id", "conversation");
    long first =
        client.chat().completions().create(turn.build()).usage().orElseThrow().promptTokens();
    turn.addAssistantMessage(answer).addUserMessage("And their sizes?");
    long second =
        client.chat().completions().create(turn.build()).usage().orElseThrow().promptTokens();
    assertThat(second).isGreaterThan(first + 4);
  }

  @Test
  void leavingAStreamCancelsItsGeneration() {
    ChatCompletionCreateParams endless =
        question(900).putAdditionalBodyProperty("ignore_eos", JsonValue.from(true)).build();
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(endless)) {
      assertThat(stream.stream().findFirst()).isPresent();
      assertThat(engine.load()).isPositive();
    }
    Awaitility.await().atMost(LIMIT).until(() -> engine.load() == 0);
  }

  @Test
  void aResponseAskedForOfOneGatewayIsFetchedFromAnother() {
    Response asked = client.responses().create(poem().maxOutputTokens(16).build());
    assertThat(asked.status().orElseThrow())
        .isIn(ResponseStatus.QUEUED, ResponseStatus.IN_PROGRESS, ResponseStatus.COMPLETED);
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> status(elsewhere, asked.id()).equals(ResponseStatus.COMPLETED));
    Response found = elsewhere.responses().retrieve(asked.id());
    assertThat(found.usage().orElseThrow().outputTokens()).isBetween(1L, 16L);
    assertThat(found.output().get(0).asMessage().content().get(0).asOutputText().text())
        .isNotBlank();
  }

  @Test
  void aResponseIsCancelledAtAnotherGateway() {
    Response asked =
        client
            .responses()
            .create(
                poem()
                    .maxOutputTokens(900)
                    .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true))
                    .build());
    assertThat(elsewhere.responses().cancel(asked.id()).status())
        .contains(ResponseStatus.CANCELLED);
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> status(client, asked.id()).equals(ResponseStatus.CANCELLED));
  }

  @Test
  void anIdempotencyKeyMakesOneResponseOfTwoCalls() {
    ResponseCreateParams params =
        poem().maxOutputTokens(8).putAdditionalHeader("Idempotency-Key", "once").build();
    Response first = client.responses().create(params);
    Response again = elsewhere.responses().create(params);
    assertThat(again.id()).isEqualTo(first.id());
    ResponseCreateParams other =
        poem().maxOutputTokens(9).putAdditionalHeader("Idempotency-Key", "once").build();
    assertThatThrownBy(() -> elsewhere.responses().create(other)).hasMessageContaining("422");
  }

  @Test
  void aResponseInTheForegroundIsAnsweredAtOnceAndKept() {
    Response answered =
        client.responses().create(poem().background(false).maxOutputTokens(8).build());
    assertThat(answered.status()).contains(ResponseStatus.COMPLETED);
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> status(elsewhere, answered.id()).equals(ResponseStatus.COMPLETED));
  }

  @Test
  void wrongKeysAndUnknownThingsAreTheClientsOwnExceptions() {
    OpenAIClient stranger = client(cluster.http, "sk-wrong");
    assertThatThrownBy(() -> stranger.models().list()).isInstanceOf(UnauthorizedException.class);
    stranger.close();
    assertThatThrownBy(
            () -> client.chat().completions().create(question(4).model("gpt-none").build()))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("gpt-none");
    assertThatThrownBy(() -> client.responses().retrieve("unheard-of"))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  void theTraceOfACallGoesOnToItsCompletion() {
    String trace = "0af7651916cd43dd8448eb211c80319c";
    ChatCompletion answer =
        client
            .chat()
            .completions()
            .create(
                question(4)
                    .putAdditionalHeader(
                        "traceparent", "00-%s-b7ad6b7169203331-01".formatted(trace))
                    .build());
    Header context =
        completionOf(answer.id().replace("chatcmpl-", "")).headers().lastHeader("traceparent");
    assertThat(new String(context.value(), StandardCharsets.UTF_8)).startsWith("00-" + trace + "-");
  }

  private static ConsumerRecord<String, byte[]> completionOf(String requestId) {
    Map<String, Object> settings = Map.of("bootstrap.servers", cluster.bootstrapServers());
    try (KafkaConsumer<String, byte[]> reader =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          reader.partitionsFor("heterospec.completions").stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      reader.assign(partitions);
      reader.seekToBeginning(partitions);
      List<ConsumerRecord<String, byte[]>> found = new ArrayList<>();
      Awaitility.await()
          .atMost(LIMIT)
          .pollInSameThread()
          .until(
              () -> {
                reader.poll(Duration.ofMillis(100)).forEach(found::add);
                return found.stream().anyMatch(record -> record.key().equals(requestId));
              });
      return found.stream().filter(r -> r.key().equals(requestId)).findFirst().orElseThrow();
    }
  }

  @Test
  void theJavaScriptClientCompletesStreamsCancelsAndListsModels() throws Exception {
    Path sources = DemoPair.home().resolve("topology/src/test/js");
    Path work = directory.resolve("js");
    Files.createDirectory(work);
    for (String file : List.of("package.json", "package-lock.json", "openai-client.mjs")) {
      Files.copy(sources.resolve(file), work.resolve(file));
    }
    assumeTrue(
        run(work, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline").equals("0"),
        "npm and the OpenAI client for JavaScript are needed for this test");
    run(work, "node", "openai-client.mjs", cluster.http.url() + "/v1", key, "demo");
    assertThat(work.resolve("log")).content().endsWith("ok\n");
  }

  /** The exit code as text, or why there was none. */
  private static String run(Path directory, String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("log").toFile())
              .start();
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return "no end within " + LIMIT;
      }
      return Integer.toString(process.exitValue());
    } catch (IOException e) {
      return "%s: %s"
          .formatted(List.of(command).stream().collect(Collectors.joining(" ")), e.getMessage());
    }
  }
}
