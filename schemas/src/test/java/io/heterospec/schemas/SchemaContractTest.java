package io.heterospec.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SchemaContractTest {

  static Stream<Schema> schemas() {
    Map<String, Schema> found = new LinkedHashMap<>();
    Deque<Schema> open = new ArrayDeque<>();
    Stream.of(
            PromptEvent.getClassSchema(),
            CancelEvent.getClassSchema(),
            PendingGeneration.getClassSchema(),
            GenerationProgress.getClassSchema(),
            GenerationDelta.getClassSchema(),
            Completion.getClassSchema(),
            StepTelemetry.getClassSchema(),
            SessionState.getClassSchema(),
            ResponseState.getClassSchema())
        .forEach(open::add);
    while (!open.isEmpty()) {
      Schema schema = open.pop();
      switch (schema.getType()) {
        case RECORD -> {
          if (found.put(schema.getFullName(), schema) == null) {
            schema.getFields().forEach(field -> open.add(field.schema()));
          }
        }
        case ENUM -> found.put(schema.getFullName(), schema);
        case UNION -> open.addAll(schema.getTypes());
        case ARRAY -> open.add(schema.getElementType());
        default -> {}
      }
    }
    return found.values().stream();
  }

  @Test
  void shouldReachEverySchema() {
    assertThat(schemas())
        .extracting(Schema::getName)
        .hasSize(21)
        .contains("RoutedRequest", "TreeNode", "FinishReason", "CompletionError");
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void shouldDocumentEveryTypeAndField(Schema schema) {
    assertThat(schema.getNamespace()).isEqualTo("io.heterospec.schemas");
    assertThat(schema.getDoc()).as(schema.getName()).isNotBlank();
    if (schema.getType() == Schema.Type.RECORD) {
      assertThat(schema.getFields())
          .allSatisfy(field -> assertThat(field.doc()).as(field.name()).isNotBlank());
    }
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void shouldGiveADefaultToEveryEnumAndOptionalField(Schema schema) {
    if (schema.getType() == Schema.Type.ENUM) {
      assertThat(schema.getEnumDefault()).isNotNull();
      return;
    }
    assertThat(schema.getFields())
        .filteredOn(field -> isOptional(field.schema()))
        .allMatch(Field::hasDefaultValue);
  }

  @Test
  void shouldRequireOnlyTheRequestIdOfAPrompt() {
    assertThat(PromptEvent.getClassSchema().getFields())
        .filteredOn(field -> !field.hasDefaultValue())
        .extracting(Field::name)
        .containsExactly("request_id");
    Sampling sampling = SampleRecords.minimalPrompt().getSampling();
    assertThat(sampling.getMaxTokens()).isNull();
    assertThat(sampling.getTemperature()).isZero();
    assertThat(sampling.getTopP()).isEqualTo(1.0);
    assertThat(sampling.getStop()).isEmpty();
  }

  @Test
  void shouldKeepTheDefaultsOfNestedRecords() {
    Completion completion = Completion.newBuilder().setRequestId("r").build();
    assertThat(completion.getFinishReason()).isEqualTo(FinishReason.UNKNOWN);
    assertThat(completion.getUsage().getPromptTokens()).isZero();
  }

  private static boolean isOptional(Schema schema) {
    return schema.isUnion() || schema.getType() == Schema.Type.ARRAY;
  }
}
