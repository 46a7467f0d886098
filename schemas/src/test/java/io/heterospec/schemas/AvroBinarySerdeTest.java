package io.heterospec.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;

class AvroBinarySerdeTest {

  private static final String STORE = "pending";

  private final AvroBinarySerde<PendingGeneration> serde =
      new AvroBinarySerde<>(PendingGeneration.class);

  @Test
  void shouldReturnWhatItWrote() {
    byte[] bytes = serde.serializer().serialize(STORE, SampleRecords.pending());

    assertThat(Arrays.copyOf(bytes, 2)).containsExactly(0xC3, 0x01);
    assertThat(serde.deserializer().deserialize(STORE, bytes)).isEqualTo(SampleRecords.pending());
  }

  @Test
  void shouldPassNullThrough() {
    assertThat(serde.serializer().serialize(STORE, null)).isNull();
    assertThat(serde.deserializer().deserialize(STORE, null)).isNull();
  }

  @Test
  void shouldReadEntriesOfAnEarlierRelease() {
    Schema old = OldSchemas.cancelWithoutReason();
    byte[] entry = singleObject(old, OldSchemas.encodeCancel(old, "r-3"));
    AvroBinarySerde<CancelEvent> upgraded = new AvroBinarySerde<>(CancelEvent.class, List.of(old));

    assertThat(upgraded.deserializer().deserialize(STORE, entry).getRequestId()).isEqualTo("r-3");
  }

  @Test
  void shouldRefuseEntriesOfAReleaseItDoesNotKnow() {
    Schema old = OldSchemas.cancelWithoutReason();
    byte[] entry = singleObject(old, OldSchemas.encodeCancel(old, "r-3"));

    assertThatThrownBy(
            () ->
                new AvroBinarySerde<>(CancelEvent.class)
                    .deserializer()
                    .deserialize("sessions", entry))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("sessions")
        .hasMessageContaining("CancelEvent");
  }

  @Test
  void shouldRefuseEveryTruncation() {
    byte[] bytes = serde.serializer().serialize(STORE, SampleRecords.pending());
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> serde.deserializer().deserialize(STORE, cut))
          .as("cut to %d bytes", length)
          .isInstanceOf(SerializationException.class);
    }
  }

  @Test
  void shouldRefuseARecordWithoutItsRequiredFields() {
    assertThatThrownBy(() -> serde.serializer().serialize(STORE, new PendingGeneration()))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("PendingGeneration");
  }

  private static byte[] singleObject(Schema schema, byte[] body) {
    return ByteBuffer.allocate(10 + body.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 0xC3)
        .put((byte) 0x01)
        .putLong(SchemaNormalization.parsingFingerprint64(schema))
        .put(body)
        .array();
  }
}
