package io.heterospec.schemas;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Schemas as an earlier or later release might have had them, and records written with them. */
final class OldSchemas {

  private OldSchemas() {}

  static Schema cancelWithoutReason() {
    return SchemaBuilder.record("CancelEvent")
        .namespace("io.heterospec.schemas")
        .fields()
        .requiredString("request_id")
        .endRecord();
  }

  /** A completion whose reason is one that this release does not know. */
  static Schema completionWithNewReason() {
    return SchemaBuilder.record("Completion")
        .namespace("io.heterospec.schemas")
        .fields()
        .requiredString("request_id")
        .name("finish_reason")
        .type()
        .enumeration("FinishReason")
        .symbols("UNKNOWN", "OUT_OF_BUDGET")
        .noDefault()
        .requiredString("colour")
        .endRecord();
  }

  static byte[] encodeCancel(Schema schema, String requestId) {
    return encode(new GenericRecordBuilder(schema).set("request_id", requestId).build());
  }

  static byte[] encode(GenericRecord record) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
      new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
      encoder.flush();
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
