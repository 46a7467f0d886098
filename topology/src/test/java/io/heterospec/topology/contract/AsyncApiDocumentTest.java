package io.heterospec.topology.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.heterospec.schemas.Topics;
import io.heterospec.topology.DemoPair;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.junit.jupiter.api.Test;

class AsyncApiDocumentTest {
  private static final Path FILE = DemoPair.home().resolve("schemas/asyncapi.yaml");

  private final JsonNode document = read();

  private static JsonNode read() {
    try {
      return new YAMLMapper().readTree(FILE.toFile());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theFileIsWhatTheSchemasAndTopicsAre() throws IOException {
    String version = document.path("info").path("version").asText();
    assertThat(Files.readString(FILE))
        .as("refresh it with: ./heterospec asyncapi > schemas/asyncapi.yaml")
        .isEqualTo(AsyncApiDocument.yaml(AsyncApiDocument.of(Topics.withDefaultPrefix(), version)));
  }

  @Test
  void everyTopicIsAChannelWithAnOperation() throws ReflectiveOperationException {
    Topics topics = Topics.withDefaultPrefix();
    List<String> names = new ArrayList<>(List.of("heterospec.requests.{pool}"));
    for (Method method : Topics.class.getDeclaredMethods()) {
      if (method.getReturnType() == String.class
          && method.getParameterCount() == 0
          && Modifier.isPublic(method.getModifiers())
          && !Set.of("prefix", "toString").contains(method.getName())) {
        names.add((String) method.invoke(topics));
      }
    }
    assertThat(names).hasSizeGreaterThan(7);
    assertThat(document.path("channels").findValuesAsText("address"))
        .containsExactlyInAnyOrderElementsOf(names);
    List<String> used =
        StreamSupport.stream(document.path("operations").spliterator(), false)
            .map(operation -> operation.at("/channel/$ref").asText())
            .distinct()
            .toList();
    assertThat(used).hasSameSizeAs(names);
  }

  @Test
  void everyReferenceLeadsSomewhere() {
    List<String> references = document.findValuesAsText("$ref");
    assertThat(references).hasSizeGreaterThan(30);
    for (String reference : references) {
      assertThat(reference).startsWith("#/");
      assertThat(document.at(reference.substring(1)).isMissingNode()).as(reference).isFalse();
    }
  }

  @Test
  void everyPayloadIsTheSchemaThatIsWritten() {
    for (TopicDefinition topic :
        TopicDefinition.all(Topics.withDefaultPrefix(), List.of("default"))) {
      if (topic.value().isEmpty()) {
        continue;
      }
      Schema written = topic.value().get();
      JsonNode payload = document.path("components").path("schemas").path(written.getName());
      assertThat(payload.path("schemaFormat").asText())
          .isEqualTo("application/vnd.apache.avro;version=1.9.0");
      Schema described = new Schema.Parser().parse(payload.path("schema").toString());
      assertThat(SchemaNormalization.toParsingForm(described))
          .isEqualTo(SchemaNormalization.toParsingForm(written));
    }
  }

  @Test
  void recordsCarryTheContextOfATraceAndDeadLettersTheirReason() {
    JsonNode messages = document.path("components").path("messages");
    for (JsonNode message : messages) {
      JsonNode headers = document.at(message.at("/headers/$ref").asText().substring(1));
      String expected =
          message.path("name").asText().equals("DeadLetter")
              ? "__streams.errors.message"
              : "traceparent";
      assertThat(headers.path("properties").has(expected)).as(message.toString()).isTrue();
    }
  }
}
