package io.heterospec.topology.embedded;

import io.heterospec.topology.embedded.RegistryEntry.Level;
import io.heterospec.topology.embedded.RegistryEntry.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.avro.Schema;

/**
 * What the registry knows: the sum of its entries. Answers questions and proposes entries, but
 * changes only by {@link #apply}, so that nothing is known that was not stored first. Not safe for
 * use by many threads.
 */
final class RegistryState {

  private static final String EVERYTHING = "";

  private final SortedMap<String, List<Version>> subjects = new TreeMap<>();
  private final Map<Integer, String> schemas = new HashMap<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<String, CompatibilityLevel> levels = new HashMap<>();
  private int highestId;

  /** Takes in a stored entry. */
  void apply(RegistryEntry entry) {
    if (entry instanceof Version version) {
      subjects.computeIfAbsent(version.subject(), subject -> new ArrayList<>()).add(version);
      schemas.put(version.id(), version.schema());
      ids.put(version.schema(), version.id());
      highestId = Math.max(highestId, version.id());
    } else if (entry instanceof Level level) {
      levels.put(level.subject(), level.level());
    }
  }

  /** The version that registering this schema would add; one that is there is returned as it is. */
  Version propose(String subject, Schema schema) {
    List<Version> versions = subjects.getOrDefault(subject, List.of());
    String text = schema.toString();
    Optional<Version> known = find(versions, text);
    if (known.isPresent()) {
      return known.get();
    }
    List<String> conflicts = level(subject).conflicts(schema, parsed(versions));
    if (!conflicts.isEmpty()) {
      throw RegistryError.incompatible(subject, conflicts);
    }
    int id = ids.getOrDefault(text, highestId + 1);
    return new Version(subject, versions.size() + 1, id, text);
  }

  /** Whether the entry is already part of this state. */
  boolean contains(Version version) {
    return subjects.getOrDefault(version.subject(), List.of()).contains(version);
  }

  Version lookUp(String subject, Schema schema) {
    return find(versionsOf(subject), schema.toString())
        .orElseThrow(() -> RegistryError.schemaNotFound("of subject '%s'".formatted(subject)));
  }

  /**
   * @param version a number from 1, or "latest"
   */
  Version version(String subject, String version) {
    List<Version> versions = versionsOf(subject);
    int number = version.equals("latest") ? versions.size() : positive(version);
    if (number > versions.size()) {
      throw RegistryError.versionNotFound(version);
    }
    return versions.get(number - 1);
  }

  List<Version> versionsOf(String subject) {
    List<Version> versions = subjects.get(subject);
    if (versions == null) {
      throw RegistryError.subjectNotFound(subject);
    }
    return versions;
  }

  List<String> subjects() {
    return List.copyOf(subjects.keySet());
  }

  String schema(int id) {
    String schema = schemas.get(id);
    if (schema == null) {
      throw RegistryError.schemaNotFound(Integer.toString(id));
    }
    return schema;
  }

  /** What stands against the schema as a successor of the given version. */
  List<String> conflicts(String subject, String version, Schema schema) {
    List<Schema> earlier = parsed(List.of(version(subject, version)));
    return level(subject).conflicts(schema, earlier);
  }

  CompatibilityLevel defaultLevel() {
    return levels.getOrDefault(EVERYTHING, CompatibilityLevel.BACKWARD);
  }

  Optional<CompatibilityLevel> ownLevel(String subject) {
    return Optional.ofNullable(levels.get(subject));
  }

  private CompatibilityLevel level(String subject) {
    return ownLevel(subject).orElseGet(this::defaultLevel);
  }

  private static Optional<Version> find(List<Version> versions, String schema) {
    return versions.stream().filter(version -> version.schema().equals(schema)).findFirst();
  }

  private static List<Schema> parsed(List<Version> versions) {
    return versions.stream().map(version -> new Schema.Parser().parse(version.schema())).toList();
  }

  private static int positive(String version) {
    try {
      int number = Integer.parseInt(version);
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, as for a number that is not positive.
    }
    throw RegistryError.invalidVersion(version);
  }
}
