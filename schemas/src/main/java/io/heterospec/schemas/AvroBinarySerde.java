package io.heterospec.schemas;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Generated Avro records in Avro's single-object encoding: two marker bytes, the schema's 8-byte
 * fingerprint, then the record. For state stores and their changelogs: it needs no registry, so a
 * restore does not depend on one. Records of earlier releases are read with the schemas given for
 * them. Null stays null. Safe for use by many threads.
 *
 * @param <T> the records it reads and writes
 * @see <a href="https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding">Avro
 *     specification, single-object encoding</a>
 */
public final class AvroBinarySerde<T extends SpecificRecord> implements Serde<T> {

  private final Class<T> type;
  private final BinaryMessageEncoder<T> encoder;
  private final BinaryMessageDecoder<T> decoder;

  /** Reads only records written with the compiled schema. */
  public AvroBinarySerde(Class<T> type) {
    this(type, List.of());
  }

  /**
   * @param earlier schemas of earlier releases whose records may still be in a store
   */
  public AvroBinarySerde(Class<T> type, List<Schema> earlier) {
    this.type = type;
    Schema schema = SpecificData.get().getSchema(type);
    SpecificData model = SpecificData.getForClass(type);
    encoder = new BinaryMessageEncoder<>(model, schema);
    decoder = new BinaryMessageDecoder<>(model, schema);
    earlier.forEach(decoder::addSchema);
  }

  @Override
  public Serializer<T> serializer() {
    return (topic, record) -> record == null ? null : write(topic, record);
  }

  @Override
  public Deserializer<T> deserializer() {
    return (topic, data) -> data == null ? null : read(topic, data);
  }

  private byte[] write(String topic, T record) {
    try {
      ByteBuffer encoded = encoder.encode(record);
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (IOException | AvroRuntimeException | NullPointerException | ClassCastException e) {
      // Avro reports an unset required field as one of the last two.
      throw new SerializationException(
          "Cannot write a %s to %s; check that its required fields are set"
              .formatted(type.getSimpleName(), topic),
          e);
    }
  }

  private T read(String topic, byte[] data) {
    try {
      return decoder.decode(data, null);
    } catch (IOException
        | AvroRuntimeException
        | IndexOutOfBoundsException
        | UnsupportedOperationException
        | NegativeArraySizeException e) {
      throw new SerializationException(
          "An entry of %s is no %s that this release can read; it is damaged or of another release"
              .formatted(topic, type.getSimpleName()),
          e);
    }
  }
}
