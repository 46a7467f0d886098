package io.heterospec.topology;

import io.heterospec.schemas.AvroBinarySerde;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/** Reads what {@link PlainAvroSerializer} wrote. */
public final class PlainAvroDeserializer implements Deserializer<SpecificRecord> {

  @Override
  @SuppressWarnings("unchecked")
  public SpecificRecord deserialize(String topic, byte[] data) {
    if (data == null) {
      return null;
    }
    try {
      String name = new String(data, 1, data[0], StandardCharsets.UTF_8);
      return new AvroBinarySerde<>((Class<SpecificRecord>) Class.forName(name))
          .deserializer()
          .deserialize(topic, Arrays.copyOfRange(data, 1 + data[0], data.length));
    } catch (ClassNotFoundException | RuntimeException e) {
      throw new SerializationException("not a record of these tests", e);
    }
  }
}
