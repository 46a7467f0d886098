package io.heterospec.topology.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.Sampling;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.Avro;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.HeteroSpecTopology;
import io.heterospec.topology.PlainAvro;
import io.heterospec.topology.PlainAvroSerializer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PromptRouterTest {
  private static final int RECORD_BYTES = 1 << 20;

  @TempDir Path directory;
  private TopologyTestDriver driver;
  private TestInputTopic<String, PromptEvent> prompts;
  private TestInputTopic<String, byte[]> bytes;
  private TestOutputTopic<String, RoutedRequest> small;
  private TestOutputTopic<String, RoutedRequest> large;
  private TestOutputTopic<String, Completion> completions;
  private TestOutputTopic<byte[], byte[]> deadLetters;

  private HeteroSpecConfig config(String routes) {
    return PlainAvro.config(
        directory,
        Map.of(HeteroSpecConfig.ROUTES, routes, HeteroSpecConfig.MAX_PROMPT_BYTES, "1000"));
  }

  @BeforeEach
  void start() {
    HeteroSpecConfig config = config("demo:small,llama:large");
    driver =
        new TopologyTestDriver(new HeteroSpecTopology(config).router(), config.routerProperties());
    Topics topics = config.topics();
    Avro avro = new Avro(config.clientSettings());
    prompts =
        driver.createInputTopic(
            topics.prompts(), new StringSerializer(), avro.serializer(PromptEvent.class));
    bytes =
        driver.createInputTopic(
            topics.prompts(), new StringSerializer(), new ByteArraySerializer());
    small = output(topics.requests("small"), avro);
    large = output(topics.requests("large"), avro);
    completions =
        driver.createOutputTopic(
            topics.completions(), new StringDeserializer(), avro.deserializer(Completion.class));
    deadLetters =
        driver.createOutputTopic(
            topics.deadLetters(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private TestOutputTopic<String, RoutedRequest> output(String topic, Avro avro) {
    return driver.createOutputTopic(
        topic, new StringDeserializer(), avro.deserializer(RoutedRequest.class));
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private static PromptEvent prompt(Consumer<PromptEvent> change) {
    PromptEvent prompt =
        PromptEvent.newBuilder()
            .setRequestId("r1")
            .setMessages(List.of(new ChatMessage("user", "secret words")))
            .build();
    change.accept(prompt);
    return prompt;
  }

  private static Consumer<PromptEvent> sampling(Consumer<Sampling> change) {
    return prompt -> change.accept(prompt.getSampling());
  }

  @Test
  void aPromptGoesToThePoolOfItsModelKeyedBySession() {
    prompts.pipeInput("any", prompt(p -> {}));
    prompts.pipeInput("any", prompt(p -> p.setSessionId("s")));
    prompts.pipeInput("any", prompt(p -> p.setModel("llama")));
    assertThat(small.readRecordsToList()).extracting(TestRecord::key).containsExactly("r1", "s");
    RoutedRequest routed = large.readValue();
    assertThat(routed.getModel()).isEqualTo("llama");
    assertThat(routed.getOrigin().getOffset()).isEqualTo(2);
    assertThat(deadLetters.isEmpty()).isTrue();
  }

  @Test
  void aPoolMayBeCalledLikeANodeOfTheGraph() {
    HeteroSpecConfig config = config("a:prompts,b:router,c:completions");
    assertThat(new HeteroSpecTopology(config).router().describe().toString())
        .contains("heterospec.requests.prompts")
        .contains("heterospec.requests.router")
        .contains("heterospec.requests.completions");
  }

  static Stream<Arguments> invalidPrompts() {
    return Stream.of(
        invalid("neither", "INVALID_REQUEST", p -> p.setMessages(List.of())),
        invalid("both", "INVALID_REQUEST", p -> p.setText("x")),
        invalid(
            "text is empty",
            "INVALID_REQUEST",
            p -> {
              p.setMessages(List.of());
              p.setText("");
            }),
        invalid(
            "every message is empty",
            "INVALID_REQUEST",
            p -> p.setMessages(List.of(new ChatMessage("user", " ")))),
        invalid(
            "no role", "INVALID_REQUEST", p -> p.setMessages(List.of(new ChatMessage("", "x")))),
        invalid(
            "session_id holds a control character",
            "INVALID_REQUEST",
            p -> p.setSessionId("a\u0000b")),
        invalid("session_id must have", "INVALID_REQUEST", p -> p.setSessionId("")),
        invalid("session_id must have", "INVALID_REQUEST", p -> p.setSessionId("s".repeat(1025))),
        invalid(
            "does not fit in a record",
            "PROMPT_TOO_LONG",
            sampling(s -> s.setStop(List.of("s".repeat(1 << 20))))),
        invalid("mode 'survey' is unknown", "INVALID_REQUEST", p -> p.setMode("survey")),
        invalid("'gpt' is not served", "UNKNOWN_MODEL", p -> p.setModel("gpt")),
        invalid(
            "1200 bytes",
            "PROMPT_TOO_LONG",
            p -> p.setMessages(List.of(new ChatMessage("user", "é".repeat(600))))),
        invalid("temperature", "INVALID_REQUEST", sampling(s -> s.setTemperature(-0.1))),
        invalid("temperature", "INVALID_REQUEST", sampling(s -> s.setTemperature(Double.NaN))),
        invalid("top_p", "INVALID_REQUEST", sampling(s -> s.setTopP(0))),
        invalid("top_p", "INVALID_REQUEST", sampling(s -> s.setTopP(Double.NaN))),
        invalid("top_k", "INVALID_REQUEST", sampling(s -> s.setTopK(-3))),
        invalid("max_tokens", "INVALID_REQUEST", sampling(s -> s.setMaxTokens(0))),
        invalid("stop", "INVALID_REQUEST", sampling(s -> s.setStop(List.of("")))));
  }

  private static Arguments invalid(String message, String code, Consumer<PromptEvent> change) {
    return Arguments.of(message, code, change);
  }

  @ParameterizedTest(name = "{1}: {0}")
  @MethodSource("invalidPrompts")
  void anInvalidPromptFailsAndItsBytesAreKept(
      String message, String code, Consumer<PromptEvent> change) {
    PromptEvent invalid = prompt(change);
    prompts.pipeInput("k", invalid);
    Completion completion = completions.readValue();
    assertThat(completion.getRequestId()).isEqualTo("r1");
    assertThat(completion.getFinishReason().name()).isEqualTo("FAILED");
    assertThat(completion.getError().getCode()).isEqualTo(code);
    assertThat(completion.getError().getMessage()).contains(message).doesNotContain("secret");
    TestRecord<byte[], byte[]> dead = deadLetters.readRecord();
    assertThat(dead.value()).isEqualTo(new PlainAvroSerializer().serialize("", invalid));
    assertThat(header(dead, "__streams.errors.topic")).isEqualTo("heterospec.prompts");
    assertThat(header(dead, "__streams.errors.exception")).contains("InvalidRequestException");
    prompts.pipeInput("k", prompt(p -> {}));
    assertThat(small.readValuesToList()).hasSize(1);
  }

  @Test
  void bytesThatAreNoRecordGoToTheDeadLettersAndTheStreamGoesOn() {
    byte[] garbage = "not avro".getBytes(StandardCharsets.UTF_8);
    bytes.pipeInput("k", garbage);
    assertThat(deadLetters.readRecord().value()).isEqualTo(garbage);
    prompts.pipeInput("k", prompt(p -> {}));
    assertThat(small.readValuesToList()).hasSize(1);
    assertThat(completions.isEmpty()).isTrue();
  }

  @Test
  void aPromptWithoutAnIdCanOnlyBeADeadLetter() {
    prompts.pipeInput("k", prompt(p -> p.setRequestId(" ")));
    assertThat(deadLetters.readRecordsToList()).hasSize(1);
    assertThat(completions.isEmpty()).isTrue();
  }

  @Test
  void aRequestIdThatNoRecordShouldCarryCanOnlyBeADeadLetter() {
    prompts.pipeInput("k", prompt(p -> p.setRequestId("r".repeat(RECORD_BYTES))));
    assertThat(deadLetters.readRecordsToList()).hasSize(1);
    assertThat(completions.isEmpty()).isTrue();
  }

  static Stream<Arguments> hugePrompts() {
    return Stream.of(
        Arguments.of("model", prompt(p -> p.setModel("m".repeat(RECORD_BYTES)))),
        Arguments.of("mode", prompt(p -> p.setMode("m".repeat(RECORD_BYTES)))),
        Arguments.of("session_id", prompt(p -> p.setSessionId("s".repeat(RECORD_BYTES)))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hugePrompts")
  void aRefusalIsSmallHoweverMuchThePromptSays(String field, PromptEvent huge) {
    prompts.pipeInput("k", huge);
    TestRecord<String, Completion> refusal = completions.readRecord();
    assertThat(refusal.key()).isEqualTo("r1");
    assertThat(refusal.value().getRequestId()).isEqualTo("r1");
    assertThat(refusal.value().getSessionId()).isNull();
    assertThat(refusal.value().getError().getMessage()).contains(field);
    assertThat(refusal.value().toString().length()).isLessThan(RECORD_BYTES / 100);
    assertThat(header(deadLetters.readRecord(), "__streams.errors.message"))
        .isEqualTo(refusal.value().getError().getMessage());
  }

  @Test
  void aDeadLetterThatCouldNotBeSentDoesNotStopTheStream() {
    prompts.pipeInput("k", prompt(p -> p.setText("x".repeat(2 * RECORD_BYTES))));
    bytes.pipeInput("k", new byte[2 * RECORD_BYTES]);
    assertThat(deadLetters.isEmpty()).isTrue();
    assertThat(completions.readValue().getError().getCode()).isEqualTo("INVALID_REQUEST");
    prompts.pipeInput("k", prompt(p -> {}));
    assertThat(small.readValuesToList()).hasSize(1);
  }

  @Test
  void aRequestIdThatWouldMixWithStoreKeysIsRefused() {
    prompts.pipeInput("k", prompt(p -> p.setRequestId("a\u0000b")));
    assertThat(completions.readValue().getError().getMessage())
        .contains("request_id holds a control character");
    assertThat(deadLetters.readRecordsToList()).hasSize(1);
    assertThat(small.isEmpty()).isTrue();
  }

  @Test
  void headersThatNoOutputCouldCarryAreRefusedAndNotCarried() {
    Headers headers = new RecordHeaders().add("baggage", new byte[20 << 10]);
    prompts.pipeInput(new TestRecord<>("k", prompt(p -> {}), headers));
    TestRecord<String, Completion> failed = completions.readRecord();
    assertThat(failed.value().getError().getMessage()).contains("headers are too large");
    assertThat(failed.headers()).isEmpty();
    assertThat(deadLetters.readRecordsToList()).hasSize(1);
    assertThat(small.isEmpty()).isTrue();
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
