package io.heterospec.topology.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.heterospec.schemas.Topics;
import java.util.List;
import java.util.Locale;
import org.apache.avro.Schema;

/**
 * The topics as an AsyncAPI document, as seen by the application: it receives prompts and sends
 * completions.
 *
 * @see <a href="https://www.asyncapi.com/docs/reference/specification/v3.0.0">AsyncAPI 3.0</a>
 * @see <a href="https://www.asyncapi.com/docs/reference/bindings/kafka">its Kafka bindings</a>
 */
public final class AsyncApiDocument {
  private static final String BINDING_VERSION = "0.5.0";
  private static final String POOL = "pool";
  private static final String DEAD_LETTER = "DeadLetter";
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .disable(YAMLGenerator.Feature.SPLIT_LINES)
          .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
          .build();

  private final ObjectNode root = JsonNodeFactory.instance.objectNode();
  private final ObjectNode channels;
  private final ObjectNode operations;
  private final ObjectNode messages;
  private final ObjectNode schemas;

  private AsyncApiDocument(Topics topics, String version) {
    root.put("asyncapi", "3.0.0");
    describe(root.putObject("info"), version);
    root.put("defaultContentType", "application/avro");
    server(root.putObject("servers").putObject("local"));
    channels = root.putObject("channels");
    operations = root.putObject("operations");
    ObjectNode components = root.putObject("components");
    messages = components.putObject("messages");
    schemas = components.putObject("schemas");
    TopicDefinition.all(topics, List.of(POOL)).forEach(this::add);
    HeaderSchemas.addTo(schemas);
  }

  /**
   * The document of topics under a prefix.
   *
   * @param version of the application
   */
  public static ObjectNode of(Topics topics, String version) {
    return new AsyncApiDocument(topics, version).root;
  }

  /** As a file has it. */
  public static String yaml(ObjectNode document) {
    try {
      return YAML.writeValueAsString(document);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values can always be written", e);
    }
  }

  private static void describe(ObjectNode info, String version) {
    info.put("title", "HeteroSpec for Kafka")
        .put("version", version)
        .put(
            "description",
            "Event-driven text generation with speculative decoding. Keys are session ids, or"
                + " request ids where there is no session. Values are Avro in Confluent's wire"
                + " format: a zero byte, the schema's id in four bytes, then Avro binary.");
    info.putObject("license")
        .put("name", "Apache-2.0")
        .put("url", "https://www.apache.org/licenses/LICENSE-2.0");
  }

  // What 'heterospec up' starts.
  private static void server(ObjectNode server) {
    server.put("host", "127.0.0.1:9092").put("protocol", "kafka");
    kafka(server)
        .put("schemaRegistryUrl", "http://127.0.0.1:8081")
        .put("schemaRegistryVendor", "confluent");
  }

  private static ObjectNode kafka(ObjectNode owner) {
    return owner.putObject("bindings").putObject("kafka").put("bindingVersion", BINDING_VERSION);
  }

  private void add(TopicDefinition topic) {
    String message = topic.value().map(Schema::getName).orElse(DEAD_LETTER);
    channel(topic, message);
    switch (topic.use()) {
      case INPUT -> operation("receive", topic, message);
      case OUTPUT -> operation("send", topic, message);
      case INTERNAL -> {
        operation("send", topic, message);
        operation("receive", topic, message);
      }
    }
    message(topic, message);
  }

  private void channel(TopicDefinition topic, String message) {
    ObjectNode channel =
        channels
            .putObject(topic.id())
            .put("address", address(topic))
            .put("description", topic.description());
    if (topic.pool().isPresent()) {
      channel
          .putObject("parameters")
          .putObject(POOL)
          .put("description", "Processors of a pool serve the same model.")
          .put("default", "default");
    }
    reference(channel.putObject("messages").putObject(message), "components/messages/" + message);
    kafka(channel)
        .putObject("topicConfiguration")
        .putArray("cleanup.policy")
        .add(topic.cleanupPolicy());
  }

  // The name holds the name of the parameter where it will stand.
  private static String address(TopicDefinition topic) {
    String name = topic.name();
    return topic.pool().isEmpty()
        ? name
        : name.substring(0, name.length() - POOL.length()) + '{' + POOL + '}';
  }

  private void operation(String action, TopicDefinition topic, String message) {
    String id = topic.id();
    ObjectNode operation =
        operations
            .putObject(action + id.substring(0, 1).toUpperCase(Locale.ROOT) + id.substring(1))
            .put("action", action);
    reference(operation.putObject("channel"), "channels/" + id);
    reference(
        operation.putArray("messages").addObject(), "channels/" + id + "/messages/" + message);
  }

  private void message(TopicDefinition topic, String name) {
    ObjectNode message = messages.putObject(name).put("name", name);
    ObjectNode binding = JsonNodeFactory.instance.objectNode();
    binding.putObject("key").put("type", "string");
    if (topic.value().isPresent()) {
      Schema schema = topic.value().get();
      message.put("summary", schema.getDoc());
      reference(message.putObject("headers"), "components/schemas/" + HeaderSchemas.TRACE);
      reference(message.putObject("payload"), "components/schemas/" + name);
      AvroPayload.put(schemas, schema);
      binding
          .put("schemaIdLocation", "payload")
          .put("schemaIdPayloadEncoding", "confluent")
          .put("schemaLookupStrategy", "TopicNameStrategy");
    } else {
      message.put("summary", "The record as it was read.");
      message.put("contentType", "application/octet-stream");
      reference(message.putObject("headers"), "components/schemas/" + HeaderSchemas.DEAD_LETTER);
    }
    kafka(message).setAll(binding);
  }

  private static void reference(ObjectNode from, String place) {
    from.put("$ref", "#/" + place);
  }
}
