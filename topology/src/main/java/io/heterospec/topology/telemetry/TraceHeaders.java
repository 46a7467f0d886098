package io.heterospec.topology.telemetry;

import io.heterospec.schemas.RecordHeader;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapSetter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** A trace's context in the headers of Kafka records, as they travel and as they are stored. */
final class TraceHeaders {

  /** Replaces a header. */
  static final TextMapSetter<Headers> SETTER =
      (headers, name, value) ->
          headers.remove(name).add(name, value.getBytes(StandardCharsets.UTF_8));

  static final TextMapGetter<Headers> RECORD =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Headers headers) {
          return Arrays.stream(headers.toArray()).map(Header::key).toList();
        }

        @Override
        public String get(Headers headers, String name) {
          Header header = headers == null ? null : headers.lastHeader(name);
          return header == null || header.value() == null
              ? null
              : new String(header.value(), StandardCharsets.UTF_8);
        }
      };

  static final TextMapGetter<List<RecordHeader>> STORED =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(List<RecordHeader> headers) {
          return headers.stream().map(RecordHeader::getKey).toList();
        }

        @Override
        public String get(List<RecordHeader> headers, String name) {
          if (headers == null) {
            return null;
          }
          return headers.stream()
              .filter(header -> header.getKey().equals(name) && header.getValue() != null)
              .reduce((first, last) -> last)
              .map(header -> text(header.getValue()))
              .orElse(null);
        }
      };

  static final TextMapGetter<Map<String, String>> TEXT =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Map<String, String> headers) {
          return headers.keySet();
        }

        @Override
        public String get(Map<String, String> headers, String name) {
          return headers == null ? null : headers.get(name);
        }
      };

  private TraceHeaders() {}

  private static String text(ByteBuffer value) {
    return StandardCharsets.UTF_8.decode(value.duplicate()).toString();
  }
}
