package io.heterospec.schemas;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.DatumReader;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * Reads Confluent's wire format into generated Avro records. A record written with an older or
 * newer schema of the same name is resolved to the one compiled in. Configured by the keys of
 * {@link RegistryConfig}. Null stays null.
 *
 * @param <T> the records it reads
 */
public final class AvroDeserializer<T extends SpecificRecord> implements Deserializer<T> {

  private final ConcurrentMap<Integer, DatumReader<T>> readers = new ConcurrentHashMap<>();
  private SchemaRegistryClient registry;

  /** For Kafka, which calls {@link #configure} next. */
  public AvroDeserializer() {}

  AvroDeserializer(SchemaRegistryClient registry) {
    this.registry = registry;
  }

  @Override
  public void configure(Map<String, ?> configs, boolean key) {
    registry = new SchemaRegistryClient(new RegistryConfig(configs));
  }

  /**
   * {@inheritDoc}
   *
   * @throws SerializationException when the bytes are malformed or hold a type unknown here
   * @throws RegistryException when the registry does not know the schema id
   * @throws RegistryUnavailableException when no registry answers
   */
  @Override
  public T deserialize(String topic, byte[] data) {
    if (data == null) {
      return null;
    }
    if (registry == null) {
      throw new IllegalStateException("configure() was not called on this deserializer");
    }
    int id = WireFormat.schemaId(topic, data);
    DatumReader<T> reader = readers.get(id);
    if (reader == null) {
      reader = readerFor(id);
      readers.put(id, reader);
    }
    return read(reader, topic, id, data);
  }

  private T read(DatumReader<T> reader, String topic, int id, byte[] data) {
    try {
      BoundedDecoder decoder = new BoundedDecoder(data, WireFormat.HEADER_BYTES);
      T record = reader.read(null, decoder);
      if (!decoder.isEnd()) {
        throw new IOException("bytes left over after the record");
      }
      return record;
    } catch (IOException
        | AvroRuntimeException
        | IndexOutOfBoundsException
        | UnsupportedOperationException
        | NegativeArraySizeException e) {
      throw new SerializationException(
          "A record of topic %s is not what its schema id %d says; it was written wrongly or damaged"
              .formatted(topic, id),
          e);
    }
  }

  private DatumReader<T> readerFor(int id) {
    Schema writer = registry.schema(id);
    Class<?> type = SpecificData.get().getClass(writer);
    if (writer.getType() != Schema.Type.RECORD || type == null || !isGenerated(type)) {
      throw new SerializationException(
          "Schema id %d is the type %s, which is no type of this application"
              .formatted(id, writer.getFullName()));
    }
    Schema reader = SpecificData.get().getSchema(type);
    // The generated class's own data model: it knows the conversions of its timestamps.
    return new SpecificDatumReader<>(writer, reader, SpecificData.getForSchema(reader));
  }

  // A schema may have the name of any class there is.
  private static boolean isGenerated(Class<?> type) {
    return SpecificRecord.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers());
  }
}
