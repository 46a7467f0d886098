package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.heterospec.topology.serve.ApiError;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The JSON object of a request's body. A field that is absent or null has its default; one of the
 * wrong type is refused by name.
 */
final class JsonRequest {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  private final byte[] bytes;
  private final JsonNode root;

  private JsonRequest(byte[] bytes, JsonNode root) {
    this.bytes = bytes;
    this.root = root;
  }

  /**
   * Reads a body.
   *
   * @throws ApiError with status 413 when it is longer than {@code maxBytes}, 400 when it is not an
   *     object in JSON
   */
  static JsonRequest of(Context ctx, int maxBytes) throws IOException {
    InputStream body = ctx.req().getInputStream();
    byte[] bytes = body.readNBytes(maxBytes);
    if (bytes.length == maxBytes && body.read() >= 0) {
      throw ApiError.of(
          413, "request_too_large", "the request has more than %d bytes".formatted(maxBytes));
    }
    try {
      JsonNode root = JSON.readTree(bytes);
      if (root == null || !root.isObject()) {
        throw ApiError.invalid(null, "the request's body must be a JSON object");
      }
      return new JsonRequest(bytes, root);
    } catch (JsonProcessingException e) {
      // Not its message: that quotes the text.
      String place =
          e.getLocation() == null
              ? ""
              : ", see line %d column %d"
                  .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
      throw ApiError.of(400, "invalid_json", "the request's body is not valid JSON" + place);
    }
  }

  byte[] bytes() {
    return bytes;
  }

  /**
   * The value of a field; of one within an object by both names, as in {@code text.format}.
   *
   * @throws ApiError when what should hold it is no object
   */
  JsonNode get(String name) {
    int dot = name.lastIndexOf('.');
    if (dot < 0) {
      return given(root.path(name));
    }
    String holder = name.substring(0, dot);
    value(holder, JsonNode::isObject, "an object");
    return given(get(holder).path(name.substring(dot + 1)));
  }

  private static JsonNode given(JsonNode value) {
    return value.isNull() ? MissingNode.getInstance() : value;
  }

  boolean has(String name) {
    return !get(name).isMissingNode();
  }

  String text(String name, String absent) {
    return value(name, JsonNode::isTextual, "a string") ? get(name).textValue() : absent;
  }

  double number(String name, double absent) {
    return value(name, JsonNode::isNumber, "a number") ? get(name).doubleValue() : absent;
  }

  long integer(String name, long absent) {
    return value(name, n -> n.isIntegralNumber() && n.canConvertToLong(), "an integer")
        ? get(name).longValue()
        : absent;
  }

  boolean flag(String name) {
    return value(name, JsonNode::isBoolean, "true or false") && get(name).booleanValue();
  }

  /** One string or an array of them. */
  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    JsonNode value = get(name);
    for (JsonNode one : value.isTextual() ? List.of(value) : value) {
      if (!one.isTextual()) {
        throw ApiError.invalid(name, name + " must be a string or an array of strings");
      }
      texts.add(one.textValue());
    }
    if (!value.isMissingNode() && !value.isTextual() && !value.isArray()) {
      throw ApiError.invalid(name, name + " must be a string or an array of strings");
    }
    return texts;
  }

  /** Refuses a field that asks for something else than what is done anyway. */
  void supports(String name, Predicate<JsonNode> harmless, String instead) {
    if (has(name) && !harmless.test(get(name))) {
      throw ApiError.invalid(name, "%s is not supported; %s".formatted(name, instead));
    }
  }

  private boolean value(String name, Predicate<JsonNode> type, String expected) {
    if (!has(name)) {
      return false;
    }
    if (!type.test(get(name))) {
      throw ApiError.invalid(name, "%s must be %s".formatted(name, expected));
    }
    return true;
  }
}
