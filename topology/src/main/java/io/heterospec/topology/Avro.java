package io.heterospec.topology;

import io.heterospec.schemas.AvroSerde;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;

/** Readers and writers of the application's records, all with the same registry settings. */
public record Avro(Map<String, ?> settings) {

  public <T extends SpecificRecord> Serializer<T> serializer(Class<T> type) {
    return AvroSerde.ofValues(type, settings).serializer();
  }

  public <T extends SpecificRecord> Deserializer<T> deserializer(Class<T> type) {
    return AvroSerde.ofValues(type, settings).deserializer();
  }
}
