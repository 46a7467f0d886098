package io.heterospec.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AvroSerdeTest {

  private static final String TOPIC = "heterospec.prompts";

  private FakeRegistry registry;

  @BeforeEach
  void startRegistry() throws Exception {
    registry = new FakeRegistry();
  }

  @AfterEach
  void stopRegistry() {
    registry.close();
  }

  @Test
  void shouldReturnWhatItWrote() {
    assertRoundTrip(SampleRecords.minimalPrompt(), PromptEvent.class);
    assertRoundTrip(SampleRecords.fullPrompt(), PromptEvent.class);
    assertRoundTrip(SampleRecords.pending(), PendingGeneration.class);
  }

  @Test
  void shouldWriteConfluentsWireFormat() {
    registry.add("other", "\"string\"");
    byte[] bytes = prompts().serializer().serialize(TOPIC, SampleRecords.minimalPrompt());

    assertThat(Arrays.copyOf(bytes, 5)).containsExactly(0, 0, 0, 0, 2);
    // request_id "r-1": length 3 as a zig-zag varint, then its bytes; session_id: branch 0, null
    assertThat(Arrays.copyOfRange(bytes, 5, 10)).containsExactly(6, 'r', '-', '1', 0);
  }

  @Test
  void shouldNameTheSubjectAfterTheTopicAndTheSide() {
    prompts().serializer().serialize(TOPIC, SampleRecords.minimalPrompt());
    AvroSerde<PromptEvent> keys = new AvroSerde<>(PromptEvent.class);
    keys.configure(registry.config(), true);
    keys.serializer().serialize("a b", SampleRecords.minimalPrompt());

    assertThat(registry.requests)
        .containsExactly(
            "POST /subjects/heterospec.prompts-value/versions", "POST /subjects/a b-key/versions");
  }

  @Test
  void shouldPassNullThrough() {
    assertThat(prompts().serializer().serialize(TOPIC, null)).isNull();
    assertThat(prompts().deserializer().deserialize(TOPIC, null)).isNull();
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void shouldAskTheRegistryOncePerSchemaAndOncePerId() {
    AvroSerde<PromptEvent> writer = prompts();
    AvroSerde<PromptEvent> reader = prompts();
    for (int i = 0; i < 3; i++) {
      byte[] bytes = writer.serializer().serialize(TOPIC, SampleRecords.fullPrompt());
      reader.deserializer().deserialize(TOPIC, bytes);
    }
    assertThat(registry.requests)
        .containsExactly("POST /subjects/heterospec.prompts-value/versions", "GET /schemas/ids/1");
  }

  @Test
  void shouldReadRecordsOfAnOlderSchema() {
    Schema old = OldSchemas.cancelWithoutReason();
    int id = registry.add(TOPIC + "-value", old.toString());
    byte[] bytes = withHeader(id, OldSchemas.encodeCancel(old, "r-9"));

    CancelEvent cancel = serde(CancelEvent.class).deserializer().deserialize(TOPIC, bytes);

    assertThat(cancel).isEqualTo(CancelEvent.newBuilder().setRequestId("r-9").build());
  }

  @Test
  void shouldRefuseAnotherType() {
    byte[] bytes = prompts().serializer().serialize(TOPIC, SampleRecords.minimalPrompt());

    assertThatThrownBy(() -> serde(CancelEvent.class).deserializer().deserialize(TOPIC, bytes))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("is a PromptEvent; only CancelEvent belongs there");
  }

  @Test
  void shouldRefuseATypeThisApplicationDoesNotHave() {
    int id = registry.add("s", "{\"type\":\"record\",\"name\":\"x.Y\",\"fields\":[]}");

    assertThatThrownBy(
            () -> prompts().deserializer().deserialize(TOPIC, withHeader(id, new byte[0])))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("x.Y");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "java.lang.String",
        "java.lang.Object",
        "org.apache.avro.specific.SpecificRecord",
        "org.apache.avro.specific.SpecificRecordBase"
      })
  void shouldRefuseATypeNamedLikeAClassThatIsNoRecord(String name) {
    int id =
        registry.add("s", "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[]}".formatted(name));

    assertThatThrownBy(
            () -> prompts().deserializer().deserialize(TOPIC, withHeader(id, new byte[0])))
        .isExactlyInstanceOf(SerializationException.class)
        .hasMessageContaining(name);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4})
  void shouldRefuseARecordTooShortForAnId(int length) {
    assertThatThrownBy(() -> prompts().deserializer().deserialize(TOPIC, new byte[length]))
        .isExactlyInstanceOf(SerializationException.class)
        .hasMessageContaining(TOPIC)
        .hasMessageContaining("too few");
  }

  @Test
  void shouldRefuseAnotherMagicByte() {
    assertThatThrownBy(() -> prompts().deserializer().deserialize(TOPIC, "{\"a\": 1}".getBytes()))
        .isExactlyInstanceOf(SerializationException.class)
        .hasMessageContaining("0x7b");
  }

  @Test
  void shouldRefuseANegativeIdWithoutAskingTheRegistry() {
    assertThatThrownBy(
            () -> prompts().deserializer().deserialize(TOPIC, withHeader(-7, new byte[1])))
        .isExactlyInstanceOf(SerializationException.class)
        .hasMessageContaining("-7");
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void shouldRefuseEveryTruncation() {
    byte[] bytes = prompts().serializer().serialize(TOPIC, SampleRecords.fullPrompt());
    AvroSerde<PromptEvent> reader = prompts();
    for (int length = 5; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> reader.deserializer().deserialize(TOPIC, cut))
          .as("cut to %d bytes", length)
          .isExactlyInstanceOf(SerializationException.class);
    }
  }

  @Test
  void shouldRefuseTrailingBytes() {
    byte[] bytes = prompts().serializer().serialize(TOPIC, SampleRecords.fullPrompt());
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);

    assertThatThrownBy(() -> prompts().deserializer().deserialize(TOPIC, longer))
        .isExactlyInstanceOf(SerializationException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fefffffff0ffffffff01", "feffffff0f", "01", "feffffff07"})
  void shouldRefuseAbsurdLengthsWithoutAllocatingThem(String lengthInHex) {
    int id = registry.add(TOPIC + "-value", PromptEvent.getClassSchema().toString());
    byte[] length = HexFormat.of().parseHex(lengthInHex);

    assertThatThrownBy(() -> prompts().deserializer().deserialize(TOPIC, withHeader(id, length)))
        .isExactlyInstanceOf(SerializationException.class);
  }

  @Test
  void shouldRefuseAnAbsurdNumberOfItems() {
    int id = registry.add(TOPIC + "-value", GenerationDelta.getClassSchema().toString());
    // request_id "", session_id null, token_offset 0, then 2^31 - 9 token ids
    byte[] body = HexFormat.of().parseHex("000000eeffffff0f");

    assertThatThrownBy(
            () ->
                serde(GenerationDelta.class)
                    .deserializer()
                    .deserialize(TOPIC, withHeader(id, body)))
        .isExactlyInstanceOf(SerializationException.class);
  }

  @Test
  void shouldRefuseARecordWithoutItsRequiredFields() {
    assertThatThrownBy(() -> prompts().serializer().serialize(TOPIC, new PromptEvent()))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("required fields");
  }

  @Test
  void shouldUseTheClassesNamedInTheConfiguration() {
    Map<String, Object> config = registry.config();
    config.put(AvroSerde.SERIALIZER, StringSerializer.class.getName());
    AvroSerde<PromptEvent> serde = AvroSerde.ofValues(PromptEvent.class, config);

    assertThatThrownBy(() -> serde.serializer().serialize(TOPIC, SampleRecords.minimalPrompt()))
        .isInstanceOf(ClassCastException.class);
  }

  @Test
  void shouldSayThatConfigureIsMissing() {
    AvroSerde<PromptEvent> serde = new AvroSerde<>(PromptEvent.class);

    assertThatThrownBy(() -> serde.serializer().serialize(TOPIC, null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("PromptEvent");
    serde.close();
  }

  private AvroSerde<PromptEvent> prompts() {
    return serde(PromptEvent.class);
  }

  private <T extends SpecificRecord> AvroSerde<T> serde(Class<T> type) {
    return AvroSerde.ofValues(type, registry.config());
  }

  private <T extends SpecificRecord> void assertRoundTrip(T record, Class<T> type) {
    byte[] bytes = serde(type).serializer().serialize(TOPIC, record);
    assertThat(serde(type).deserializer().deserialize(TOPIC, bytes)).isEqualTo(record);
  }

  private static byte[] withHeader(int id, byte[] body) {
    return ByteBuffer.allocate(5 + body.length).put((byte) 0).putInt(id).put(body).array();
  }
}
