package io.heterospec.schemas;

import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Confluent's wire format: a zero byte, the schema id as four bytes with the highest first, then
 * the record in Avro's binary encoding.
 */
final class WireFormat {

  static final byte MAGIC = 0;
  static final int HEADER_BYTES = 1 + Integer.BYTES;

  private WireFormat() {}

  /** The five bytes before a record written with this schema id. */
  static byte[] header(int schemaId) {
    return ByteBuffer.allocate(HEADER_BYTES).put(MAGIC).putInt(schemaId).array();
  }

  /**
   * The schema id of a record read from a topic.
   *
   * @throws SerializationException when the bytes are not in this format
   */
  static int schemaId(String topic, byte[] data) {
    if (data.length < HEADER_BYTES) {
      throw new SerializationException(
          "A record of topic %s has %d bytes, too few for a schema id; write it with an Avro"
                  .formatted(topic, data.length)
              + " serializer that uses the schema registry");
    }
    if (data[0] != MAGIC) {
      throw new SerializationException(
          "A record of topic %s starts with byte 0x%02x, not 0x00; write it with an Avro"
                  .formatted(topic, data[0])
              + " serializer that uses the schema registry");
    }
    int id = ByteBuffer.wrap(data, 1, Integer.BYTES).getInt();
    if (id < 0) {
      // No registry gives such ids, and not every one has an answer for them.
      throw new SerializationException(
          "A record of topic %s names schema id %d; ids are not negative".formatted(topic, id));
    }
    return id;
  }
}
