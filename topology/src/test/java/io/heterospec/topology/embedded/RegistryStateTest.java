package io.heterospec.topology.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.embedded.RegistryEntry.Level;
import io.heterospec.topology.embedded.RegistryEntry.Version;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryStateTest {

  private static final Schema ID = record().requiredString("id").endRecord();
  private static final Schema ID_AND_OPTIONAL =
      record().requiredString("id").optionalString("note").endRecord();
  private static final Schema ID_AND_REQUIRED =
      record().requiredString("id").requiredString("note").endRecord();

  private final RegistryState state = new RegistryState();

  @Test
  void shouldGiveTheSameSchemaTheSameIdUnderEverySubject() {
    assertThat(register("a", ID)).isEqualTo(new Version("a", 1, 1, ID.toString()));
    assertThat(register("a", ID_AND_OPTIONAL).id()).isEqualTo(2);
    assertThat(register("b", ID).id()).isEqualTo(1);
    assertThat(register("a", ID)).isEqualTo(new Version("a", 1, 1, ID.toString()));
    assertThat(state.subjects()).containsExactly("a", "b");
  }

  @Test
  void shouldKnowNothingThatWasOnlyProposed() {
    state.propose("a", ID);

    assertThatThrownBy(() -> state.versionsOf("a")).isInstanceOf(RegistryError.class);
    assertThatThrownBy(() -> state.schema(1)).isInstanceOf(RegistryError.class);
  }

  @Test
  void shouldRefuseAFieldWithoutADefaultByDefault() {
    register("a", ID);

    assertThatThrownBy(() -> register("a", ID_AND_REQUIRED))
        .isInstanceOf(RegistryError.class)
        .hasMessageContaining("'a'")
        .hasMessageContaining("note");
    assertThat(state.versionsOf("a")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    // adding a required field breaks those who read the old, removing one breaks old readers
    "NONE, true, true",
    "BACKWARD, false, true",
    "BACKWARD_TRANSITIVE, false, true",
    "FORWARD, true, false",
    "FORWARD_TRANSITIVE, true, false",
    "FULL, false, false",
    "FULL_TRANSITIVE, false, false"
  })
  void shouldJudgeByTheLevel(CompatibilityLevel level, boolean mayAdd, boolean mayRemove) {
    assertThat(level.conflicts(ID_AND_REQUIRED, List.of(ID)).isEmpty()).isEqualTo(mayAdd);
    assertThat(level.conflicts(ID, List.of(ID_AND_REQUIRED)).isEmpty()).isEqualTo(mayRemove);
    assertThat(level.conflicts(ID_AND_OPTIONAL, List.of(ID))).isEmpty();
  }

  @Test
  void shouldCompareWithAllVersionsOnlyWhenTransitive() {
    Schema withDefault =
        record()
            .requiredString("id")
            .name("note")
            .type()
            .stringType()
            .stringDefault("")
            .endRecord();
    List<Schema> earlier = List.of(ID, withDefault);

    assertThat(CompatibilityLevel.BACKWARD.conflicts(ID_AND_REQUIRED, earlier)).isEmpty();
    assertThat(CompatibilityLevel.BACKWARD_TRANSITIVE.conflicts(ID_AND_REQUIRED, earlier))
        .isNotEmpty();
  }

  @Test
  void shouldPreferASubjectsOwnLevel() {
    register("a", ID);
    state.apply(new Level("", CompatibilityLevel.FULL));
    state.apply(new Level("a", CompatibilityLevel.NONE));

    assertThat(register("a", ID_AND_REQUIRED).version()).isEqualTo(2);
    assertThat(state.defaultLevel()).isEqualTo(CompatibilityLevel.FULL);
    assertThat(state.ownLevel("b")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "one", ""})
  void shouldRefuseWhatIsNoVersion(String version) {
    register("a", ID);

    assertThatThrownBy(() -> state.version("a", version))
        .isInstanceOfSatisfying(
            RegistryError.class, error -> assertThat(error.code()).isEqualTo(42202));
  }

  private Version register(String subject, Schema schema) {
    Version version = state.propose(subject, schema);
    if (!state.contains(version)) {
      state.apply(version);
    }
    return version;
  }

  private static SchemaBuilder.FieldAssembler<Schema> record() {
    return SchemaBuilder.record("Thing").namespace("test").fields();
  }
}
