package io.heterospec.topology.embedded;

/** One durable fact of the registry: what is written to its topic and read back at the start. */
sealed interface RegistryEntry {

  /**
   * A version of a subject.
   *
   * @param version from 1
   * @param id from 1; the same for the same text under any subject
   * @param schema the Avro schema's JSON
   */
  record Version(String subject, int version, int id, String schema) implements RegistryEntry {}

  /**
   * A compatibility level.
   *
   * @param subject what it holds for; empty for the default of all
   */
  record Level(String subject, CompatibilityLevel level) implements RegistryEntry {}
}
