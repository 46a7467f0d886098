package io.heterospec.topology.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.heterospec.topology.HeteroSpecConfig;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad requests and bad clients: they get the status they deserve and leave nothing behind. */
class GatewayFaultsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String CHAT = "/v1/chat/completions";
  private static final int MAX_OPEN = 70;
  private static final String NOWHERE = "[::1]:9"; // where nobody answers

  @TempDir static Path directory;

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final HttpResponse.BodyHandler<String> TEXT = HttpResponse.BodyHandlers.ofString();
  private static StagedEngine engine;
  private static GatewayCluster cluster;
  private static HttpService roomy;

  @BeforeAll
  static void start() throws Exception {
    engine = new StagedEngine();
    cluster =
        new GatewayCluster(
            directory,
            engine,
            Map.of(
                HeteroSpecConfig.MAX_OPEN,
                Integer.toString(MAX_OPEN),
                HeteroSpecConfig.MAX_REQUEST_BYTES,
                "20000",
                HeteroSpecConfig.MAX_PROMPT_BYTES,
                "10000",
                HeteroSpecConfig.MAX_UNREAD_BYTES,
                "20000",
                "application.server",
                NOWHERE));
    roomy =
        cluster.anotherGateway(
            Map.of(
                HeteroSpecConfig.APPLICATION_ID,
                "roomy", // in one group its arrival would make the first one rebalance
                HeteroSpecConfig.MAX_REQUEST_BYTES,
                Integer.toString(Integer.MAX_VALUE),
                HeteroSpecConfig.MAX_PROMPT_BYTES,
                "200000",
                HeteroSpecConfig.MAX_RECORD_BYTES,
                "65536"));
  }

  @AfterEach
  void nothingIsLeftBehindAndTheServerIsAlive() throws Exception {
    engine.silence(false);
    Awaitility.await()
        .atMost(LIMIT)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(
            () -> {
              engine.release();
              assertThat(status().path("gateway").path("open_requests").asInt()).isZero();
              assertThat(engine.load()).isZero();
            });
    assertThat(status().path("ready").asBoolean()).isTrue();
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
    engine.close();
  }

  private static JsonNode status() throws IOException, InterruptedException {
    return new ObjectMapper().readTree(get("/status").body());
  }

  private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return CLIENT.send(HttpRequest.newBuilder(URI.create(cluster.http.url() + path)).build(), TEXT);
  }

  private static HttpRequest post(String path, String body) {
    return post(cluster.http, path, body);
  }

  private static HttpRequest post(HttpService http, String path, String body) {
    return HttpRequest.newBuilder(URI.create(http.url() + path))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static HttpResponse<String> send(String path, String body)
      throws IOException, InterruptedException {
    return CLIENT.send(post(path, body), TEXT);
  }

  /** Whose engine makes {@code charsPerToken} characters every 10 ms. */
  private static String chat(boolean stream, int charsPerToken) {
    return "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}], \"stream\": %s, \"max_tokens\": %d}"
        .formatted(stream, charsPerToken);
  }

  private static void awaitLoad(int generations) {
    Awaitility.await().atMost(LIMIT).until(() -> engine.load() == generations);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/chat/completions | {'a':                                   | 400 | invalid_json",
        "/v1/chat/completions | [1]                                     | 400 | JSON object",
        "/v1/chat/completions | {} {}                                   | 400 | invalid_json",
        "/v1/chat/completions | {}                                      | 400 | messages must be an array",
        "/v1/chat/completions | {'messages': [{'role': 'tool'}]}        | 400 | messages[0].role",
        "/v1/chat/completions | {'messages': [{'role': 'user', 'content': 3}]} | 400 | messages[0].content",
        "/v1/chat/completions | {'messages': [{'role': 'user', 'content': [{'type': 'image_url'}]}]} | 400 | text parts only",
        "/v1/chat/completions | {'messages': [{'role': 'user', 'content': ''}]} | 400 | every message is empty",
        "/v1/chat/completions | {'model': 'none', 'messages': [{'role': 'user', 'content': 'x'}]} | 404 | model_not_found",
        "/v1/completions      | {'prompt': ['a', 'b']}                  | 400 | one text",
        "/v1/completions      | {'prompt': 'x', 'n': 2}                 | 400 | one answer",
        "/v1/completions      | {'prompt': 'x', 'temperature': 'hot'}   | 400 | temperature must be a number",
        "/v1/completions      | {'prompt': 'x', 'temperature': -1}      | 400 | between 0 and 100",
        "/v1/completions      | {'prompt': 'x', 'top_p': 0}             | 400 | top_p must be in",
        "/v1/completions      | {'prompt': 'x', 'max_tokens': 0}        | 400 | max_tokens must be",
        "/v1/completions      | {'prompt': 'x', 'max_tokens': 5000000000} | 400 | out of range",
        "/v1/completions      | {'prompt': 'x', 'stop': [1]}            | 400 | stop must be",
        "/v1/completions      | {'prompt': 'x', 'stream': 'yes'}        | 400 | stream must be true or false",
        "/v1/completions      | {'prompt': 'x', 'logprobs': 3}          | 400 | logprobs is not supported",
        "/v1/responses        | {'input': 'x', 'stream': true}          | 400 | stream from",
        "/v1/responses        | {'input': 7}                            | 400 | input must be",
        "/v1/responses        | {'input': 'x', 'previous_response_id': 'r'} | 400 | X-Session-Id",
        "/v1/responses        | {'input': 'x', 'text': {'format': {'type': 'json_schema'}}} | 400 | text.format is not supported",
        "/v1/responses        | {'input': 'x', 'text': 'plain'}         | 400 | text must be an object",
        "/v1/responses        | {'input': 'x', 'include': ['message.output_text.logprobs']} | 400 | include is not supported",
        "/v1/responses        | {'input': 'x', 'prompt': {'id': 'p'}}   | 400 | prompt is not supported",
        "/v1/responses        | {'input': 'x', 'max_tool_calls': 2}     | 400 | max_tool_calls is not supported",
        "/v1/responses        | {'input': 'x', 'truncation': 'auto'}    | 400 | truncation is not supported",
        "/v1/responses        | {'input': 'x', 'max_tokens': 9}         | 400 | use max_output_tokens",
        "/v1/responses        | {'input': 'x', 'metadata': {'a': 'b'}}  | 400 | metadata is not supported",
        "/v1/responses        | {'input': 'x', 'store': false, 'background': true} | 400 | store is not supported",
        "/v1/responses        | {'input': 'x', 'store': 'no'}           | 400 | store must be true or false",
        "/v1/responses        | {'input': 'x', 'reasoning': {'effort': 'low'}} | 400 | reasoning.effort is not supported",
        "/v1/responses        | {'input': 'x', 'reasoning': {'summary': 'auto'}} | 400 | reasoning.summary is not supported",
        "/v1/responses        | {'input': 'x', 'text': {'verbosity': 'low'}} | 400 | text.verbosity is not supported",
        "/v1/completions      | {'prompt': 'x', 'min_p': 0.1}           | 400 | min_p is not supported",
        "/v1/completions      | {'prompt': 'x', 'repetition_penalty': 1.1} | 400 | repetition_penalty is not supported",
        "/v1/chat/completions | {'messages': [{'role': 'user', 'content': 'x'}], 'reasoning_effort': 'high'} | 400 | reasoning_effort is not supported",
        "/v1/chat/completions | {'messages': [{'role': 'user', 'content': 'x'}], 'verbosity': 'high'} | 400 | verbosity is not supported",
        "/v1/completions      | {'prompt': 'x', 'max_completion_tokens': 9} | 400 | use max_tokens",
        "/v1/chat/completions | {'messages': [{'role': 'user', 'content': 'x'}], 'modalities': ['text', 'audio']} | 400 | modalities is not supported",
        "/v1/chat/completions | {'messages': [{'role': 'user', 'content': 'x'}], 'audio': {'voice': 'a'}} | 400 | audio is not supported",
        "/v1/chat/completions | {'messages': [{'role': 'user', 'content': 'x'}], 'web_search_options': {}} | 400 | web_search_options is not supported"
      })
  void aBadRequestIsRefusedByName(String path, String body, int status, String message)
      throws Exception {
    HttpResponse<String> answer = send(path, body.replace('\'', '"'));
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(new ObjectMapper().readTree(answer.body()).path("error").toString())
        .contains(message);
  }

  @Test
  void invalidJsonIsNotQuoted() throws Exception {
    assertThat(send(CHAT, "{\"messages\": \"my secret").body()).doesNotContain("secret");
  }

  @Test
  void aBodyThatIsTooLongIsRefusedHoweverItComes() throws Exception {
    String body = "{\"prompt\": \"%s\"}".formatted("x".repeat(30_000));
    assertThat(send("/v1/completions", body).statusCode()).isEqualTo(413);
    HttpRequest chunked =
        HttpRequest.newBuilder(URI.create(cluster.http.url() + "/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(
                    () -> new java.io.ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8))))
            .build();
    assertThat(CLIENT.send(chunked, TEXT).statusCode()).isEqualTo(413);
    HttpResponse<String> prompt =
        send("/v1/completions", "{\"prompt\": \"%s\"}".formatted("x".repeat(15_000)));
    assertThat(prompt.statusCode()).isEqualTo(400);
    assertThat(prompt.body()).contains("context_length_exceeded");
  }

  @Test
  void aBodyMayHaveAsManyBytesAsTheLimitEvenTheHighest() throws Exception {
    String form = "{\"prompt\": \"%s\", \"n\": 2}";
    String longest = form.formatted("x".repeat(20_000 - form.length() + 2));
    assertThat(send("/v1/completions", longest).body()).contains("n is not supported");
    assertThat(send("/v1/completions", longest + " ").statusCode()).isEqualTo(413);
    HttpResponse<String> answer = CLIENT.send(post(roomy, "/v1/completions", longest), TEXT);
    assertThat(answer.body()).contains("n is not supported");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/completions | {\"prompt\": \"%s\"}",
        "/v1/completions | {\"prompt\": \"%s\", \"stream\": true}",
        "/v1/responses | {\"input\": \"%s\"}",
        "/v1/responses | {\"input\": \"%s\", \"background\": true}"
      })
  void aPromptThatFitsInNoRecordIsRefusedWithTheLimitAndItsSetting(String call) throws Exception {
    String[] pathAndBody = call.split(" \\| ", 2);
    String body = pathAndBody[1].formatted("x".repeat(100_000));
    HttpResponse<String> answer = CLIENT.send(post(roomy, pathAndBody[0], body), TEXT);
    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(answer.body())
        .contains("request_too_large", HeteroSpecConfig.MAX_RECORD_BYTES, "65536");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/responses        | {'text': {'format': {'type': 'text'}}, 'truncation': 'disabled'}",
        "/v1/responses        | {'text': {}, 'include': [], 'prompt': {}, 'truncation': null}",
        "/v1/responses        | {'text': null, 'include': null, 'prompt': null, 'max_tool_calls': null}",
        "/v1/responses        | {'text': {'format': null, 'verbosity': 'medium'}, 'max_tokens': null}",
        "/v1/responses        | {'metadata': {}, 'reasoning': {'effort': null, 'summary': null}, 'store': true}",
        "/v1/responses        | {'metadata': null, 'reasoning': {'effort': 'none'}, 'store': null, 'user': 'u'}",
        "/v1/chat/completions | {'metadata': {'a': 'b'}, 'store': false, 'user': 'u', 'service_tier': 'auto'}",
        "/v1/chat/completions | {'reasoning_effort': 'none', 'verbosity': 'medium', 'min_p': 0, 'repetition_penalty': 1}",
        "/v1/chat/completions | {'modalities': ['text'], 'audio': null, 'web_search_options': null}",
        "/v1/chat/completions | {'modalities': [], 'audio': {}, 'response_format': {'type': 'text'}}",
        "/v1/completions      | {'max_completion_tokens': null, 'max_tokens': 9}"
      })
  void aFieldThatAsksForWhatIsDoneAnywayIsAccepted(String path, String fields) throws Exception {
    String prompt =
        switch (path) {
          case "/v1/responses" -> "'input': 'x'";
          case CHAT -> "'messages': [{'role': 'user', 'content': 'x'}]";
          default -> "'prompt': 'x'";
        };
    CompletableFuture<HttpResponse<String>> answer =
        CLIENT.sendAsync(
            post(path, "{%s, %s".formatted(prompt, fields.substring(1)).replace('\'', '"')), TEXT);
    Awaitility.await().atMost(LIMIT).until(() -> answer.isDone() || engine.load() == 1);
    engine.release();
    assertThat(answer.get().statusCode()).as(answer.get().body()).isEqualTo(200);
  }

  @Test
  void aPromptThatOnlyTheProcessorCanRefuseStillGetsItsStatus() throws Exception {
    for (String stream : List.of("true", "false")) {
      HttpResponse<String> answer =
          send(
              "/v1/completions",
              "{\"prompt\": \"%s\", \"stream\": %s}".formatted("a ".repeat(4_000), stream));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains("context_length_exceeded");
    }
  }

  @Test
  void sixtyFourClientsStreamAtOnceAndBeyondTheBoundOneIsToldToWait() throws Exception {
    engine.silence(true);
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      answers.add(CLIENT.sendAsync(post(CHAT, chat(true, 1)), TEXT));
    }
    awaitLoad(64);
    for (int i = 64; i < MAX_OPEN; i++) {
      answers.add(CLIENT.sendAsync(post(CHAT, chat(false, 1)), TEXT));
    }
    awaitLoad(MAX_OPEN);
    HttpResponse<String> refused = send(CHAT, chat(true, 1));
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body()).contains("queue_full");
    assertThat(refused.headers().firstValueAsLong("Retry-After").orElseThrow()).isBetween(1L, 60L);
    engine.oneToken();
    engine.release();
    for (CompletableFuture<HttpResponse<String>> answer : answers) {
      assertThat(answer.get().statusCode()).isEqualTo(200);
    }
    for (CompletableFuture<HttpResponse<String>> stream : answers.subList(0, 64)) {
      assertThat(stream.get().body())
          .contains("data: {", "\"content\":\"x\"")
          .endsWith("data: [DONE]\n\n");
    }
  }

  @Test
  void aReaderThatIsTooSlowIsCutOffAndItsGenerationCancelled() throws Exception {
    try (Socket slow = RawHttp.open(cluster.http.url(), RawHttp.post(CHAT, chat(true, 4_000)))) {
      awaitLoad(1);
      awaitLoad(0);
      // What had left for it arrives, and then the connection ends without the stream's end.
      String received = readAll(slow);
      assertThat(received).startsWith("HTTP/1.1 200").doesNotContain("[DONE]");
    }
  }

  private static String readAll(Socket socket) throws IOException {
    StringBuilder received = new StringBuilder();
    byte[] buffer = new byte[1 << 16];
    try {
      for (int n; (n = socket.getInputStream().read(buffer)) >= 0; ) {
        received.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      // a connection that was cut may end this way, too
      assertThat(e).hasMessageContaining("reset");
    }
    return received.toString();
  }

  @Test
  void aStreamingClientThatLeavesIsNoticedWhetherTextComesOrNot() throws Exception {
    Socket reading = RawHttp.open(cluster.http.url(), RawHttp.post(CHAT, chat(true, 1)));
    assertThat(reading.getInputStream().read()).isPositive();
    assertThat(engine.load()).isEqualTo(1);
    reading.close();
    awaitLoad(0);
    engine.silence(true);
    Socket waiting = RawHttp.open(cluster.http.url(), RawHttp.post(CHAT, chat(true, 1)));
    awaitLoad(1);
    waiting.close();
    awaitLoad(0);
  }

  @Test
  void aClientThatLeavesBeforeItsWholeAnswerIsNoticed() throws Exception {
    for (String path : List.of(CHAT, "/v1/responses")) {
      String body = path.equals(CHAT) ? chat(false, 1) : "{\"input\": \"hi\", \"stream\": false}";
      Socket waiting = RawHttp.open(cluster.http.url(), RawHttp.post(path, body));
      awaitLoad(1);
      waiting.close();
      awaitLoad(0);
    }
  }

  @Test
  void aCallWithAKeyOutlivesItsClientAndIsAnsweredWhenItComesAgain() throws Exception {
    String body = "{\"input\": \"hi\"}";
    String call =
        RawHttp.post("/v1/responses", body)
            .replaceFirst("\r\n", "\r\nIdempotency-Key: dropped\r\n");
    Socket dropped = RawHttp.open(cluster.http.url(), call);
    Socket other = RawHttp.open(cluster.http.url(), RawHttp.post("/v1/responses", body));
    awaitLoad(2);
    dropped.close();
    other.close();
    awaitLoad(1); // who left is looked for among all at a time
    CompletableFuture<HttpResponse<String>> again = CLIENT.sendAsync(keyed("dropped", body), TEXT);
    engine.release();
    assertThat(again.get().statusCode()).isEqualTo(200);
    assertThat(again.get().body()).contains("\"status\":\"completed\"", "output_text");
  }

  @Test
  void aCallWithAKeyHasTheSameStatusEachTime() throws Exception {
    String body = "{\"input\": \"%s\"}".formatted("a ".repeat(4_000));
    HttpRequest call = keyed("too-long", body);
    for (int i = 0; i < 2; i++) {
      HttpResponse<String> answer = CLIENT.send(call, TEXT);
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains("context_length_exceeded");
    }
  }

  private static HttpRequest keyed(String key, String body) {
    return HttpRequest.newBuilder(URI.create(cluster.http.url() + "/v1/responses"))
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", key)
        .timeout(LIMIT)
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  @Test
  void aResponseThatIsNotToBeStoredIsAnsweredAndCannotBeFetched() throws Exception {
    String body = "{\"input\": \"hi\", \"store\": false}";
    CompletableFuture<HttpResponse<String>> answer =
        CLIENT.sendAsync(post("/v1/responses", body), TEXT);
    awaitLoad(1);
    engine.release();
    assertThat(answer.get().statusCode()).isEqualTo(200);
    String id = new ObjectMapper().readTree(answer.get().body()).path("id").textValue();
    assertThat(get("/v1/responses/" + id).statusCode()).isEqualTo(404);
    assertThat(CLIENT.send(keyed("unstored", body), TEXT).body())
        .contains("store is not supported");
  }

  @Test
  void anInstanceKnowsItsSessionsWhereItCannotReachTheAddressItAdvertises() throws Exception {
    CompletableFuture<HttpResponse<String>> turn =
        CLIENT.sendAsync(
            HttpRequest.newBuilder(post(CHAT, chat(false, 1)), (name, value) -> true)
                .header("X-Session-Id", "s/1")
                .build(),
            TEXT);
    awaitLoad(1);
    engine.release();
    assertThat(turn.get().statusCode()).isEqualTo(200);
    JsonNode all = new ObjectMapper().readTree(get("/sessions").body());
    assertThat(all.path("unreachable")).isEmpty();
    assertThat(all.path("sessions"))
        .anySatisfy(
            session -> {
              assertThat(session.path("id").textValue()).isEqualTo("s/1");
              assertThat(session.path("instance").textValue()).isEqualTo(NOWHERE);
            });
    assertThat(get("/sessions/s%2F1").body()).contains("\"instance\":\"" + NOWHERE + "\"");
  }

  @ParameterizedTest
  @CsvSource({"0, between 1 and 1000", "1001, between 1 and 1000", "many, of another type"})
  void aQueryThatIsOutOfRangeIsRefusedInTheShapeOfAnyError(String limit, String message)
      throws Exception {
    HttpResponse<String> answer = get("/sessions?limit=" + limit);
    assertThat(answer.statusCode()).isEqualTo(400);
    JsonNode error = new ObjectMapper().readTree(answer.body()).path("error");
    assertThat(error.path("message").textValue()).startsWith("limit ").contains(message);
    assertThat(error.path("type").textValue()).isEqualTo("invalid_request_error");
    assertThat(error.path("param").textValue()).isEqualTo("limit");
  }
}
