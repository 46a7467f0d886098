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

/** Confluent's classes and ours, reading each other's records through one registry. */
class ConfluentInteroperabilityTest {

  private static final String TOPIC = "heterospec.prompts";

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
    byte[] malformed = {9, 9, 9};

    for (AvroSerde<PromptEvent> serde : List.of(ours, confluents)) {
      assertThatThrownBy(() -> serde.deserializer().deserialize(TOPIC, malformed))
          .isInstanceOf(SerializationException.class);
    }
  }
}
