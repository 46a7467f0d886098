package io.heterospec.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SchemaEvolutionTest {

  static Stream<Schema> schemas() {
    return SchemaContractTest.schemas().filter(s -> s.getType() == Schema.Type.RECORD);
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void shouldReadAWriterThatKnewOnlyTheRequiredFields(Schema schema) {
    Schema old = Schema.createRecord(schema.getName(), "", schema.getNamespace(), false);
    old.setFields(
        schema.getFields().stream()
            .filter(field -> !field.hasDefaultValue())
            .map(field -> new Schema.Field(field.name(), field.schema(), ""))
            .toList());

    assertThat(
            SchemaCompatibility.checkReaderWriterCompatibility(schema, old)
                .getResult()
                .getCompatibility())
        .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
  }

  @Test
  void shouldReadAnUnknownFinishReasonAsUnknownAndSkipNewFields() throws Exception {
    Schema writer = OldSchemas.completionWithNewReason();
    byte[] bytes =
        OldSchemas.encode(
            new GenericRecordBuilder(writer)
                .set("request_id", "r-1")
                .set(
                    "finish_reason",
                    new GenericData.EnumSymbol(
                        writer.getField("finish_reason").schema(), "OUT_OF_BUDGET"))
                .set("colour", "blue")
                .build());
    Schema reader = Completion.getClassSchema();

    Completion completion =
        new SpecificDatumReader<Completion>(writer, reader, SpecificData.getForSchema(reader))
            .read(null, DecoderFactory.get().binaryDecoder(bytes, null));

    assertThat(completion)
        .isEqualTo(
            Completion.newBuilder()
                .setRequestId("r-1")
                .setFinishReason(FinishReason.UNKNOWN)
                .build());
  }
}
