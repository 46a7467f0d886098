package io.heterospec.topology.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.heterospec.schemas.AvroSerde;
import io.heterospec.schemas.CancelEvent;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaRegistryServerTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String TEXT = "\"string\"";
  private static final String NUMBER = "\"long\"";

  @TempDir static Path temp;

  private static EmbeddedBroker broker;

  private SchemaRegistryServer server;
  private String subject;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(temp, 0, Map.of());
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void startServer(TestInfo test) {
    server = SchemaRegistryServer.start(broker.bootstrapServers(), 0);
    subject = test.getTestMethod().orElseThrow().getName() + "-value";
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Test
  void shouldServeOurSerde() {
    Map<String, String> config = Map.of("schema.registry.url", server.url());
    AvroSerde<CancelEvent> writer = AvroSerde.ofValues(CancelEvent.class, config);
    AvroSerde<CancelEvent> reader = AvroSerde.ofValues(CancelEvent.class, config);
    CancelEvent cancel = CancelEvent.newBuilder().setRequestId("r-1").build();

    byte[] bytes = writer.serializer().serialize("ours", cancel);

    assertThat(reader.deserializer().deserialize("ours", bytes)).isEqualTo(cancel);
  }

  @Test
  void shouldKnowItsSchemasIdsAndLevelsAfterARestart() throws Exception {
    int id = register(TEXT).path("id").asInt();
    send("PUT", "/config/" + subject, "{\"compatibility\": \"NONE\"}");
    int other = register(NUMBER).path("id").asInt();
    server.close();
    server = SchemaRegistryServer.start(broker.bootstrapServers(), 0);

    assertThat(other).isNotEqualTo(id);
    assertThat(get("/schemas/ids/" + id).path("schema").asText()).isEqualTo(TEXT);
    assertThat(register(TEXT).path("id").asInt()).isEqualTo(id);
    assertThat(get("/subjects/" + subject + "/versions").toString()).isEqualTo("[1,2]");
    assertThat(get("/config/" + subject).path("compatibilityLevel").asText()).isEqualTo("NONE");
    send("POST", "/subjects/new/versions", schemaBody("\"double\""));
    int fresh = get("/subjects/new/versions/latest").path("id").asInt();
    assertThat(fresh).isGreaterThan(other);
  }

  @Test
  void shouldDescribeVersions() throws Exception {
    int id = register(TEXT).path("id").asInt();
    String expected =
        JSON.createObjectNode()
            .put("subject", subject)
            .put("version", 1)
            .put("id", id)
            .put("schema", TEXT)
            .toString();

    assertThat(get("/subjects/" + subject + "/versions/1")).hasToString(expected);
    assertThat(get("/subjects/" + subject + "/versions/latest")).hasToString(expected);
    assertThat(send("POST", "/subjects/" + subject, schemaBody(TEXT))).hasToString(expected);
    assertThat(get("/subjects")).anyMatch(name -> name.asText().equals(subject));
    assertThat(get("/schemas/types")).hasToString("[\"AVRO\"]");
    assertThat(get("/")).hasToString("{}");
  }

  @Test
  void shouldRefuseAnIncompatibleSchema() throws Exception {
    register(TEXT);

    JsonNode refused = register(NUMBER);

    assertThat(refused.path("error_code").asInt()).isEqualTo(409);
    assertThat(refused.path("message").asText()).contains(subject);
    String path = "/compatibility/subjects/" + subject + "/versions/latest?verbose=true";
    assertThat(send("POST", path, schemaBody(NUMBER)).path("is_compatible").asBoolean()).isFalse();
    assertThat(send("POST", path, schemaBody(NUMBER)).path("messages")).isNotEmpty();
    assertThat(send("POST", path, schemaBody(TEXT)).path("is_compatible").asBoolean()).isTrue();
  }

  @Test
  void shouldTellTheLevels() throws Exception {
    assertThat(get("/config").path("compatibilityLevel").asText()).isEqualTo("BACKWARD");
    assertThat(get("/config/x").path("error_code").asInt()).isEqualTo(40408);
    assertThat(get("/config/x?defaultToGlobal=true").path("compatibilityLevel").asText())
        .isEqualTo("BACKWARD");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET  | /schemas/ids/99999                    |                                | 404 | 40403",
        "GET  | /schemas/ids/x                        |                                | 404 | 40403",
        "GET  | /subjects/none/versions               |                                | 404 | 40401",
        "GET  | /subjects/none/versions/1             |                                | 404 | 40401",
        "POST | /subjects/none                        | {\"schema\": \"\\\"int\\\"\"}  | 404 | 40401",
        "POST | /compatibility/subjects/none/versions/1 | {\"schema\": \"\\\"int\\\"\"} | 404 | 40401",
        "POST | /subjects/s/versions                  | {\"schema\": \"{\"}            | 422 | 42201",
        "POST | /subjects/s/versions                  | {\"schema\": 7}                | 422 | 42201",
        "POST | /subjects/s/versions                  | {}                             | 422 | 42201",
        "POST | /subjects/s/versions                  | {\"schema\": \"{}\", \"schemaType\": \"JSON\"} | 422 | 42201",
        "POST | /subjects/s/versions                  | not json                       | 400 | 400",
        "PUT  | /config                               | {\"compatibility\": \"SOME\"}  | 422 | 42203",
        "GET  | /nowhere                              |                                | 404 | 404",
      })
  void shouldReportErrorsAsConfluentDoes(
      String method, String path, String body, int status, int code) throws Exception {
    HttpResponse<String> response = exchange(method, path, body == null ? "" : body);

    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValueSatisfying(
            type -> assertThat(type).startsWith("application/vnd.schemaregistry.v1+json"));
    assertThat(JSON.readTree(response.body()).path("error_code").asInt()).isEqualTo(code);
    assertThat(JSON.readTree(response.body()).path("message").asText()).isNotBlank();
  }

  @Test
  void shouldTellAMissingVersionAndAMissingSchemaOfASubject() throws Exception {
    register(TEXT);

    assertThat(get("/subjects/" + subject + "/versions/2").path("error_code").asInt())
        .isEqualTo(40402);
    assertThat(send("POST", "/subjects/" + subject, schemaBody(NUMBER)).path("error_code").asInt())
        .isEqualTo(40403);
  }

  @Test
  void shouldRefuseAPortInUse() {
    int port = URI.create(server.url()).getPort();

    assertThatThrownBy(() -> SchemaRegistryServer.start(broker.bootstrapServers(), port))
        .isInstanceOf(UnusableResourceException.class)
        .hasMessageContaining("Port %d for the schema registry", port);
  }

  private JsonNode register(String schema) throws Exception {
    return send("POST", "/subjects/" + subject + "/versions", schemaBody(schema));
  }

  private JsonNode get(String path) throws Exception {
    return send("GET", path, "");
  }

  private JsonNode send(String method, String path, String body) throws Exception {
    return JSON.readTree(exchange(method, path, body).body());
  }

  private HttpResponse<String> exchange(String method, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .method(method, BodyPublishers.ofString(body))
            .build();
    return CLIENT.send(request, BodyHandlers.ofString());
  }

  private static String schemaBody(String schema) {
    return JSON.createObjectNode().put("schema", schema).toString();
  }
}
