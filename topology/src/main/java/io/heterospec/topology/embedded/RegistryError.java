package io.heterospec.topology.embedded;

import java.util.List;

/** An answer other than the one asked for, with Confluent's status and error code. */
final class RegistryError extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final int code;

  private RegistryError(int status, int code, String message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  static RegistryError subjectNotFound(String subject) {
    return new RegistryError(404, 40401, "Subject '%s' not found.".formatted(subject));
  }

  static RegistryError versionNotFound(String version) {
    return new RegistryError(404, 40402, "Version %s not found.".formatted(version));
  }

  static RegistryError schemaNotFound(String which) {
    return new RegistryError(404, 40403, "Schema %s not found.".formatted(which));
  }

  static RegistryError levelNotSet(String subject) {
    return new RegistryError(
        404,
        40408,
        "Subject '%s' does not have subject-level compatibility configured".formatted(subject));
  }

  static RegistryError invalidRequest(String why) {
    return new RegistryError(400, 400, why);
  }

  static RegistryError invalidSchema(String why) {
    return new RegistryError(422, 42201, "Invalid schema: " + why);
  }

  static RegistryError invalidVersion(String version) {
    return new RegistryError(
        422,
        42202,
        "The specified version '%s' is not a valid version id; use a positive number or \"latest\""
            .formatted(version));
  }

  static RegistryError invalidLevel(String level) {
    return new RegistryError(
        422,
        42203,
        "Invalid compatibility level '%s'; valid values are %s"
            .formatted(level, List.of(CompatibilityLevel.values())));
  }

  static RegistryError incompatible(String subject, List<String> conflicts) {
    return new RegistryError(
        409,
        409,
        "Schema being registered is incompatible with an earlier schema for subject '%s': %s"
            .formatted(subject, String.join("; ", conflicts)));
  }

  static RegistryError notStored() {
    return new RegistryError(
        500, 50001, "The broker did not store the change; see the registry's log");
  }

  int status() {
    return status;
  }

  int code() {
    return code;
  }
}
