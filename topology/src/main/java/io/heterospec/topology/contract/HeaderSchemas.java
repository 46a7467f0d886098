package io.heterospec.topology.contract;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Headers of records, as JSON Schema. */
final class HeaderSchemas {
  static final String TRACE = "TraceHeaders";
  static final String DEAD_LETTER = "DeadLetterHeaders";

  private static final String PREFIX = "__streams.errors.";

  private HeaderSchemas() {}

  static void addTo(ObjectNode schemas) {
    ObjectNode trace = object(schemas, TRACE);
    text(trace, "traceparent", "Context of the request's trace, as W3C writes it; optional.");
    text(trace, "tracestate", "Its vendors' part; optional.");

    ObjectNode deadLetter = object(schemas, DEAD_LETTER);
    text(deadLetter, PREFIX + "exception", "Class of what went wrong.");
    text(deadLetter, PREFIX + "message", "Its message.");
    text(deadLetter, PREFIX + "stacktrace", "Where it went wrong.");
    text(deadLetter, PREFIX + "topic", "Topic the record came from.");
    text(deadLetter, PREFIX + "partition", "Its partition, in decimal digits.");
    text(deadLetter, PREFIX + "offset", "Its offset, in decimal digits.");
  }

  private static ObjectNode object(ObjectNode schemas, String name) {
    return schemas.putObject(name).put("type", "object").putObject("properties");
  }

  private static void text(ObjectNode properties, String name, String description) {
    properties.putObject(name).put("type", "string").put("description", description);
  }
}
