package io.heterospec.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URLClassLoader;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Confluent's classes and ours, reading each other's records through one registry. */
class ConfluentInteroperabilityTest {

  private static final String TOPIC = "heterospec.prompts";
  private static final byte[] OF_SCHEMA_7 = {0, 0, 0, 0, 7, 1, 2, 3};

  private static ClassLoader original;
  private static URLClassLoader confluentClasses;

  private FakeRegistry registry;
  private AvroSerde<PromptEvent> ours;
  private AvroSerde<PromptEvent> confluents;

  @BeforeAll
  static void fetchConfluentsClasses() throws Exception {
    Optional<URLClassLoader> loader = ConfluentClasses.load();
    assumeTrue(loader.isPresent(), "skipped: Confluent's classes cannot be downloaded here");
    confluentClasses = loader.get();
    original = Thread.currentThread().getContextClassLoader();
  }

  @AfterAll
  static void releaseClasses() throws Exception {
    if (confluentClasses != null) {
      confluentClasses.close();
    }
  }

  @BeforeEach
  void configure() throws Exception {
    registry = new FakeRegistry();
    ours = AvroSerde.ofValues(PromptEvent.class, registry.config());
    Map<String, Object> config = registry.config();
    config.put(AvroSerde.SERIALIZER, "io.confluent.kafka.serializers.KafkaAvroSerializer");
    config.put(AvroSerde.DESERIALIZER, "io.confluent.kafka.serializers.KafkaAvroDeserializer");
    Thread.currentThread().setContextClassLoader(confluentClasses);
    confluents = AvroSerde.ofValues(PromptEvent.class, config);
  }

  @AfterEach
  void close() {
    Thread.currentThread().setContextClassLoader(original);
    confluents.close();
    ours.close();
    registry.close();
  }

  @Test
  void shouldReadWhatConfluentsSerializerWrote() {
    byte[] bytes = confluents.serializer().serialize(TOPIC, SampleRecords.fullPrompt());

    assertThat(ours.deserializer().deserialize(TOPIC, bytes)).isEqualTo(SampleRecords.fullPrompt());
  }

  @Test
  void shouldWriteWhatConfluentsDeserializerReads() {
    byte[] bytes = ours.serializer().serialize(TOPIC, SampleRecords.fullPrompt());

    assertThat(confluents.deserializer().deserialize(TOPIC, bytes))
        .isEqualTo(SampleRecords.fullPrompt());
  }

  @Test
  void shouldWriteTheSameBytesUnderTheSameId() {
    byte[] theirs = confluents.serializer().serialize(TOPIC, SampleRecords.fullPrompt());

    assertThat(ours.serializer().serialize(TOPIC, SampleRecords.fullPrompt())).isEqualTo(theirs);
  }

  @Test
  void shouldReportMalformedBytesAsConfluentsDoes() {
    int id = registry.add(TOPIC + "-value", PromptEvent.getClassSchema().toString());
    byte[] cut = {0, 0, 0, 0, (byte) id, 6, 'r'};

    for (byte[] malformed : List.of(new byte[] {9, 9, 9}, cut)) {
      for (AvroSerde<PromptEvent> serde : List.of(ours, confluents)) {
        assertThatThrownBy(() -> serde.deserializer().deserialize(TOPIC, malformed))
            .isInstanceOf(SerializationException.class)
            .isNotInstanceOf(RegistryUnavailableException.class);
      }
    }
  }

  @Test
  void shouldReportAnUnknownSchemaAsWordOfTheRecord() {
    for (AvroSerde<PromptEvent> serde : List.of(ours, confluents)) {
      assertThatThrownBy(() -> serde.deserializer().deserialize(TOPIC, OF_SCHEMA_7))
          .isInstanceOf(SerializationException.class)
          .isNotInstanceOf(RegistryUnavailableException.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "401 | {\"error_code\": 401, \"message\": \"who are you\"}",
        "403 | {\"error_code\": 40301, \"message\": \"not you\"}",
        "404 | <html>no such page</html>",
        "503 | {\"error_code\": 50301, \"message\": \"not now\"}",
        "200 | <html>sign in</html>"
      })
  void shouldTellTheRegistrysTroublesFromTheRecords(int status, String answer) {
    registry.answerAlways(status, answer);

    for (AvroSerde<PromptEvent> serde : List.of(ours, confluents)) {
      assertThatThrownBy(() -> serde.deserializer().deserialize(TOPIC, OF_SCHEMA_7))
          .isInstanceOf(RegistryUnavailableException.class);
    }
  }

  @Test
  void shouldTellARegistryThatIsDownFromADamagedRecord() {
    registry.close();

    for (AvroSerde<PromptEvent> serde : List.of(ours, confluents)) {
      assertThatThrownBy(() -> serde.deserializer().deserialize(TOPIC, OF_SCHEMA_7))
          .isInstanceOf(RegistryUnavailableException.class);
    }
  }
}
