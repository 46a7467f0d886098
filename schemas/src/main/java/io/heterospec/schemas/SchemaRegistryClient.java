package io.heterospec.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Schemas by id and ids by schema, from any registry that speaks Confluent's REST API. Every answer
 * is remembered for good, since a registry never gives an id a second meaning. Safe for use by many
 * threads.
 */
public final class SchemaRegistryClient {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final RegistryConfig config;
  private final RegistryHttp http;
  private final ConcurrentMap<Integer, Schema> schemas = new ConcurrentHashMap<>();
  private final ConcurrentMap<SubjectSchema, Integer> ids = new ConcurrentHashMap<>();

  public SchemaRegistryClient(RegistryConfig config) {
    this.config = config;
    this.http = new RegistryHttp(config);
  }

  /**
   * The schema with this id.
   *
   * @throws RegistryException when the registry does not know it
   * @throws RegistryUnavailableException when no registry answers
   */
  public Schema schema(int id) {
    Schema known = schemas.get(id);
    if (known != null) {
      return known;
    }
    Schema fetched = parse(http.get("/schemas/ids/" + id, "schema id " + id), "schema id " + id);
    schemas.put(id, fetched);
    return fetched;
  }

  /**
   * The id to write a record of this schema with; registers the schema where the configuration says
   * so.
   *
   * @throws RegistryException when the registry does not have it or refuses it
   * @throws RegistryUnavailableException when no registry answers
   */
  public int id(String subject, Schema schema) {
    SubjectSchema key = new SubjectSchema(subject, schema);
    Integer known = ids.get(key);
    if (known != null) {
      return known;
    }
    int id = fetchId(subject, schema);
    schemas.putIfAbsent(id, schema);
    ids.put(key, id);
    return id;
  }

  private int fetchId(String subject, Schema schema) {
    String what = "subject " + subject;
    String path = "/subjects/" + encode(subject);
    if (config.autoRegister()) {
      return idOf(http.post(path + "/versions", bodyOf(schema), what), what);
    }
    if (!config.useLatest()) {
      return idOf(http.post(path, bodyOf(schema), what), what);
    }
    JsonNode latest = http.get(path + "/versions/latest", what);
    if (!isSame(parse(latest, what), schema)) {
      throw new SerializationException(
          "The latest version of %s is not the schema of %s; register this application's version"
              .formatted(what, schema.getFullName()));
    }
    return idOf(latest, what);
  }

  private static boolean isSame(Schema a, Schema b) {
    return SchemaNormalization.toParsingForm(a).equals(SchemaNormalization.toParsingForm(b));
  }

  private static ObjectNode bodyOf(Schema schema) {
    return JSON.createObjectNode().put("schema", schema.toString());
  }

  private static int idOf(JsonNode answer, String what) {
    JsonNode id = answer.path("id");
    if (!id.isInt()) {
      throw notARegistry(what, "id");
    }
    return id.asInt();
  }

  private static Schema parse(JsonNode answer, String what) {
    JsonNode schema = answer.path("schema");
    if (!schema.isTextual()) {
      throw notARegistry(what, "schema");
    }
    String type = answer.path("schemaType").asText("AVRO");
    if (!type.equals("AVRO") || !answer.path("references").isEmpty()) {
      throw new SerializationException(
          "The schema of %s is of type %s or refers to others; only self-contained Avro is read"
              .formatted(what, type));
    }
    try {
      return new Schema.Parser().parse(schema.asText());
    } catch (AvroRuntimeException e) {
      throw new SerializationException("The schema of %s is not valid Avro".formatted(what), e);
    }
  }

  // Some other service's answer, then: it says nothing of the schema.
  private static RegistryUnavailableException notARegistry(String what, String missing) {
    return new RegistryUnavailableException(
        "The answer for %s has no %s, as a schema registry's would; check %s"
            .formatted(what, missing, RegistryConfig.URL));
  }

  private static String encode(String subject) {
    return URLEncoder.encode(subject, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private record SubjectSchema(String subject, Schema schema) {}
}
