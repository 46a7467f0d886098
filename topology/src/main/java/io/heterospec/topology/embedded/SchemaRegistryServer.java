package io.heterospec.topology.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.topology.embedded.RegistryEntry.Level;
import io.heterospec.topology.embedded.RegistryEntry.Version;
import io.javalin.Javalin;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A schema registry for development: the part of Confluent's REST API that serializers and people
 * with curl use, for Avro schemas without references. Listens on the loopback interface only, keeps
 * its entries in a topic of the broker, and so knows them again after a restart, under the same
 * ids.
 *
 * @see <a href="https://docs.confluent.io/platform/current/schema-registry/develop/api.html">The
 *     API of Confluent's Schema Registry</a>
 */
public final class SchemaRegistryServer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(SchemaRegistryServer.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

  private final StoredRegistry registry;
  private final Javalin http;

  private SchemaRegistryServer(StoredRegistry registry) {
    this.registry = registry;
    this.http = Javalin.create(config -> config.showJavalinBanner = false);
    addRoutes();
    addErrors();
  }

  /**
   * Starts a registry and waits until it answers.
   *
   * @param bootstrapServers the broker that keeps its entries
   * @param port port of the loopback interface; 0 for any free one
   * @throws UnusableResourceException when the port is taken
   * @throws IllegalStateException when the broker does not answer
   */
  public static SchemaRegistryServer start(String bootstrapServers, int port) {
    int chosen = LoopbackPort.choose("schema registry", port);
    StoredRegistry registry = StoredRegistry.open(KafkaRegistryLog.open(bootstrapServers));
    SchemaRegistryServer server = new SchemaRegistryServer(registry);
    try {
      server.http.start(LoopbackPort.HOST, chosen);
      return server;
    } catch (JavalinBindException e) {
      server.close();
      throw LoopbackPort.taken("schema registry", chosen, e);
    }
  }

  /** The address for clients, {@code http://host:port}. */
  public String url() {
    return "http://" + LoopbackPort.HOST + ":" + http.port();
  }

  @Override
  public void close() {
    http.stop();
    registry.close();
  }

  private void addRoutes() {
    http.before(ctx -> ctx.contentType(CONTENT_TYPE));
    http.get("/", ctx -> answer(ctx, JSON.createObjectNode()));
    http.get("/schemas/types", ctx -> answer(ctx, List.of("AVRO")));
    http.get("/schemas/ids/{id}", this::getSchema);
    http.get("/subjects", ctx -> answer(ctx, registry.read(RegistryState::subjects)));
    http.post("/subjects/{subject}", this::lookUp);
    http.get("/subjects/{subject}/versions", this::listVersions);
    http.post("/subjects/{subject}/versions", this::register);
    http.get("/subjects/{subject}/versions/{version}", this::getVersion);
    http.post("/compatibility/subjects/{subject}/versions/{version}", this::checkCompatibility);
    http.get("/config", ctx -> answerLevel(ctx, registry.read(RegistryState::defaultLevel)));
    http.put("/config", ctx -> setLevel(ctx, ""));
    http.get("/config/{subject}", this::getLevel);
    http.put("/config/{subject}", ctx -> setLevel(ctx, subject(ctx)));
  }

  private void addErrors() {
    http.exception(
        RegistryError.class, (e, ctx) -> fail(ctx, e.status(), e.code(), e.getMessage()));
    http.exception(
        HttpResponseException.class,
        (e, ctx) -> fail(ctx, e.getStatus(), e.getStatus(), "HTTP " + e.getStatus()));
    http.exception(
        Exception.class,
        (e, ctx) -> {
          LOG.error("The schema registry failed at {} {}", ctx.method(), ctx.path(), e);
          fail(ctx, 500, 50001, "Internal error; see the registry's log");
        });
  }

  private void getSchema(Context ctx) {
    String asked = ctx.pathParam("id");
    int id;
    try {
      id = Integer.parseInt(asked);
    } catch (NumberFormatException e) {
      throw RegistryError.schemaNotFound(asked);
    }
    String schema = registry.read(state -> state.schema(id));
    answer(ctx, JSON.createObjectNode().put("schema", schema));
  }

  private void lookUp(Context ctx) {
    Schema schema = schemaOf(ctx);
    answer(ctx, describe(registry.read(state -> state.lookUp(subject(ctx), schema))));
  }

  private void listVersions(Context ctx) {
    answer(
        ctx,
        registry.read(
            state -> state.versionsOf(subject(ctx)).stream().map(Version::version).toList()));
  }

  private void register(Context ctx) {
    Version version = registry.register(subject(ctx), schemaOf(ctx));
    answer(ctx, JSON.createObjectNode().put("id", version.id()));
  }

  private void getVersion(Context ctx) {
    String version = ctx.pathParam("version");
    answer(ctx, describe(registry.read(state -> state.version(subject(ctx), version))));
  }

  private void checkCompatibility(Context ctx) {
    Schema schema = schemaOf(ctx);
    List<String> conflicts =
        registry.read(state -> state.conflicts(subject(ctx), ctx.pathParam("version"), schema));
    ObjectNode verdict = JSON.createObjectNode().put("is_compatible", conflicts.isEmpty());
    if ("true".equals(ctx.queryParam("verbose"))) {
      verdict.set("messages", JSON.valueToTree(conflicts));
    }
    answer(ctx, verdict);
  }

  private void getLevel(Context ctx) {
    boolean orDefault = "true".equals(ctx.queryParam("defaultToGlobal"));
    Optional<CompatibilityLevel> own = registry.read(state -> state.ownLevel(subject(ctx)));
    if (own.isEmpty() && !orDefault) {
      throw RegistryError.levelNotSet(subject(ctx));
    }
    answerLevel(ctx, own.orElseGet(() -> registry.read(RegistryState::defaultLevel)));
  }

  private void setLevel(Context ctx, String subject) {
    String asked = bodyOf(ctx).path("compatibility").asText();
    CompatibilityLevel level;
    try {
      level = CompatibilityLevel.valueOf(asked.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw RegistryError.invalidLevel(asked);
    }
    registry.store(new Level(subject, level));
    answer(ctx, JSON.createObjectNode().put("compatibility", level.name()));
  }

  private static String subject(Context ctx) {
    return ctx.pathParam("subject");
  }

  private static Schema schemaOf(Context ctx) {
    JsonNode body = bodyOf(ctx);
    if (!body.path("schemaType").asText("AVRO").equals("AVRO")
        || !body.path("references").isEmpty()) {
      throw RegistryError.invalidSchema("only self-contained Avro schemas are kept here");
    }
    if (!body.path("schema").isTextual()) {
      throw RegistryError.invalidSchema("the request has no text field 'schema'");
    }
    try {
      return new Schema.Parser().parse(body.path("schema").asText());
    } catch (AvroRuntimeException e) {
      throw RegistryError.invalidSchema(e.getMessage());
    }
  }

  private static JsonNode bodyOf(Context ctx) {
    try {
      return JSON.readTree(ctx.bodyAsBytes());
    } catch (IOException e) {
      throw RegistryError.invalidRequest("The request's body is not JSON");
    }
  }

  private static ObjectNode describe(Version version) {
    return JSON.createObjectNode()
        .put("subject", version.subject())
        .put("version", version.version())
        .put("id", version.id())
        .put("schema", version.schema());
  }

  private static void answerLevel(Context ctx, CompatibilityLevel level) {
    answer(ctx, JSON.createObjectNode().put("compatibilityLevel", level.name()));
  }

  private static void fail(Context ctx, int status, int code, String message) {
    ctx.status(status);
    answer(ctx, JSON.createObjectNode().put("error_code", code).put("message", message));
  }

  private static void answer(Context ctx, Object body) {
    ctx.contentType(CONTENT_TYPE).result(JSON.valueToTree(body).toString());
  }
}
