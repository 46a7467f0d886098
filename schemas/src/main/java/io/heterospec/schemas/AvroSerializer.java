package io.heterospec.schemas;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Writes generated Avro records in Confluent's wire format, under the subject {@code TOPIC-value}
 * or {@code TOPIC-key}. Configured by the keys of {@link RegistryConfig}. Null stays null.
 *
 * @param <T> the records it writes
 */
public final class AvroSerializer<T extends SpecificRecord> implements Serializer<T> {

  private SchemaRegistryClient registry;
  private boolean isKey;

  /** For Kafka, which calls {@link #configure} next. */
  public AvroSerializer() {}

  AvroSerializer(SchemaRegistryClient registry, boolean isKey) {
    this.registry = registry;
    this.isKey = isKey;
  }

  @Override
  public void configure(Map<String, ?> configs, boolean key) {
    registry = new SchemaRegistryClient(new RegistryConfig(configs));
    isKey = key;
  }

  /**
   * {@inheritDoc}
   *
   * @throws SerializationException when the record has a required field unset
   * @throws RegistryException when the registry does not have the schema or refuses it
   * @throws RegistryUnavailableException when no registry answers
   */
  @Override
  public byte[] serialize(String topic, T record) {
    if (record == null) {
      return null;
    }
    if (registry == null) {
      throw new IllegalStateException("configure() was not called on this serializer");
    }
    Schema schema = record.getSchema();
    int id = registry.id(topic + (isKey ? "-key" : "-value"), schema);
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(WireFormat.header(id));
      BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
      new SpecificDatumWriter<T>(schema, SpecificData.getForSchema(schema)).write(record, encoder);
      encoder.flush();
      return out.toByteArray();
    } catch (IOException | AvroRuntimeException | NullPointerException | ClassCastException e) {
      // Avro reports an unset required field as one of the last two.
      throw new SerializationException(
          "Cannot write a %s to topic %s; check that its required fields are set"
              .formatted(schema.getFullName(), topic),
          e);
    }
  }
}
