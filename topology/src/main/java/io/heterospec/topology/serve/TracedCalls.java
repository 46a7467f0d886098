package io.heterospec.topology.serve;

import io.heterospec.topology.telemetry.RequestTraces;
import io.heterospec.topology.telemetry.ServerSpan;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.util.Map;
import java.util.Optional;

/**
 * A span for each call of the API that was let in, from its arrival to the end of its answer,
 * streamed or not. A caller's {@code traceparent} makes it a part of theirs.
 */
public final class TracedCalls implements Endpoints {
  private static final String SPAN = "span";
  private static final String API = "/v1/*";

  private final RequestTraces traces;

  public TracedCalls(RequestTraces traces) {
    this.traces = traces;
  }

  @Override
  public void addTo(Javalin http) {
    http.before(API, this::begin);
    http.after(API, TracedCalls::end);
  }

  private void begin(Context ctx) {
    ctx.attribute(
        SPAN, traces.serving(ctx.method().name(), ctx.scheme(), ctx.path(), ctx.headerMap()));
  }

  private static void end(Context ctx) {
    ServerSpan span = ctx.attribute(SPAN);
    if (span != null) {
      // Where nothing matched this is a sentence.
      Optional<String> route =
          Optional.of(ctx.endpointHandlerPath()).filter(path -> path.startsWith("/"));
      span.end(route, ctx.statusCode());
    }
  }

  /** Headers that make a record part of a call; none where calls are not traced. */
  public static Map<String, String> headers(Context ctx) {
    ServerSpan span = ctx.attribute(SPAN);
    return span == null ? Map.of() : span.headers();
  }
}
