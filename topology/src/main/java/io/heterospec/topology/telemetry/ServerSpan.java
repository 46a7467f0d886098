package io.heterospec.topology.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A call that is being served, by OpenTelemetry's conventions for HTTP servers. It holds neither
 * body nor query.
 */
public final class ServerSpan {
  static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
  static final AttributeKey<String> PATH = AttributeKey.stringKey("url.path");
  static final AttributeKey<String> SCHEME = AttributeKey.stringKey("url.scheme");
  private static final AttributeKey<String> ROUTE = AttributeKey.stringKey("http.route");
  private static final AttributeKey<Long> STATUS =
      AttributeKey.longKey("http.response.status_code");
  private static final int SERVER_ERROR = 500;

  private final Span span;
  private final String method;
  private final TextMapPropagator propagator;

  ServerSpan(Span span, String method, TextMapPropagator propagator) {
    this.span = span;
    this.method = method;
    this.propagator = propagator;
  }

  /** Headers that make what is sent with them a part of the call. */
  public Map<String, String> headers() {
    Map<String, String> headers = new HashMap<>();
    propagator.inject(Context.root().with(span), headers, Map::put);
    return headers;
  }

  /**
   * @param route the template that the path matched; empty for one that leads nowhere
   */
  public void end(Optional<String> route, int status) {
    route.ifPresent(path -> span.updateName(method + ' ' + path).setAttribute(ROUTE, path));
    span.setAttribute(STATUS, (long) status);
    if (status >= SERVER_ERROR) {
      span.setStatus(StatusCode.ERROR);
      span.setAttribute(GenAi.ERROR_TYPE, Integer.toString(status));
    }
    span.end();
  }
}
