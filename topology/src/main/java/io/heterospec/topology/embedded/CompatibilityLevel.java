package io.heterospec.topology.embedded;

import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;

/** What a new version of a schema must be able to do with earlier ones, as Confluent defines it. */
enum CompatibilityLevel {
  NONE(false, false, false),
  BACKWARD(true, false, false),
  BACKWARD_TRANSITIVE(true, false, true),
  FORWARD(false, true, false),
  FORWARD_TRANSITIVE(false, true, true),
  FULL(true, true, false),
  FULL_TRANSITIVE(true, true, true);

  private final boolean readsOld;
  private final boolean readByOld;
  private final boolean allVersions;

  CompatibilityLevel(boolean readsOld, boolean readByOld, boolean allVersions) {
    this.readsOld = readsOld;
    this.readByOld = readByOld;
    this.allVersions = allVersions;
  }

  /**
   * What stands against the new schema, one sentence each; empty when it is compatible.
   *
   * @param earlier the versions it follows, oldest first
   */
  List<String> conflicts(Schema next, List<Schema> earlier) {
    List<Schema> checked =
        allVersions || earlier.isEmpty() ? earlier : List.of(earlier.get(earlier.size() - 1));
    return checked.stream().flatMap(old -> conflictsWith(next, old).stream()).distinct().toList();
  }

  private List<String> conflictsWith(Schema next, Schema old) {
    List<String> backward = readsOld ? unreadable(next, old, "an earlier") : List.of();
    List<String> forward = readByOld ? unreadable(old, next, "the new") : List.of();
    return Stream.concat(backward.stream(), forward.stream()).toList();
  }

  private static List<String> unreadable(Schema reader, Schema writer, String version) {
    return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
        .getResult()
        .getIncompatibilities()
        .stream()
        .map(conflict -> describe(conflict, version))
        .toList();
  }

  private static String describe(Incompatibility conflict, String version) {
    return "%s at %s when reading records of %s version: %s"
        .formatted(conflict.getType(), conflict.getLocation(), version, conflict.getMessage());
  }
}
