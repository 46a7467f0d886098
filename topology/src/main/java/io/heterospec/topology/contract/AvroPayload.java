package io.heterospec.topology.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import org.apache.avro.Schema;

/** Avro schemas as parts of an AsyncAPI document, each with all that it is made of. */
final class AvroPayload {
  private static final String FORMAT = "application/vnd.apache.avro;version=1.9.0";
  private static final String JAVA_STRING = "avro.java.string";

  private AvroPayload() {}

  /** Adds a schema under its name. */
  static void put(ObjectNode schemas, Schema schema) {
    try {
      JsonNode json = new JsonMapper().readTree(schema.toString());
      schemas
          .putObject(schema.getName())
          .put("schemaFormat", FORMAT)
          .set("schema", withoutJava(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Avro writes schemas as JSON", e);
    }
  }

  // How Java reads a string is of no interest to others.
  private static JsonNode withoutJava(JsonNode node) {
    if (node instanceof ObjectNode object) {
      if (object.has(JAVA_STRING)) {
        return TextNode.valueOf(object.get("type").asText());
      }
      object.properties().forEach(field -> field.setValue(withoutJava(field.getValue())));
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, withoutJava(array.get(i)));
      }
    }
    return node;
  }
}
