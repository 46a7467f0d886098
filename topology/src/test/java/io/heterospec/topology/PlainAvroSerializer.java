package io.heterospec.topology;

import io.heterospec.schemas.AvroBinarySerde;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serializer;

/** Writes records with their class name in front, for tests without a registry. */
public final class PlainAvroSerializer implements Serializer<SpecificRecord> {

  @Override
  @SuppressWarnings("unchecked")
  public byte[] serialize(String topic, SpecificRecord record) {
    if (record == null) {
      return null;
    }
    byte[] name = record.getClass().getName().getBytes(StandardCharsets.UTF_8);
    byte[] value =
        new AvroBinarySerde<>((Class<SpecificRecord>) record.getClass())
            .serializer()
            .serialize(topic, record);
    return ByteBuffer.allocate(1 + name.length + value.length)
        .put((byte) name.length)
        .put(name)
        .put(value)
        .array();
  }
}
