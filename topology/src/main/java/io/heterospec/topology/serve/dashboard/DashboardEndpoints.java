package io.heterospec.topology.serve.dashboard;

import io.heterospec.topology.serve.AccessGuard;
import io.heterospec.topology.serve.Endpoints;
import io.heterospec.topology.serve.StreamedBody;
import io.heterospec.topology.serve.WebSettings;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * {@code GET /}: the live dashboard, all of it from the class path, and {@code GET /events}, which
 * feeds it. The files need no key; the events do where keys are in use.
 */
public final class DashboardEndpoints implements Endpoints {
  /** Where the page's files are. */
  public static final String FILES = "/dashboard";

  private static final String POLICY =
      "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
  private static final String CHARTS = "/META-INF/resources/webjars/uplot/1.6.30/";

  private record File(String resource, String type) {}

  private static final Map<String, File> CONTENT =
      Map.of(
          "/",
          new File("/dashboard/index.html", "text/html"),
          FILES + "/icon.svg",
          new File("/dashboard/icon.svg", "image/svg+xml"),
          FILES + "/style.css",
          new File("/dashboard/style.css", "text/css"),
          FILES + "/app.js",
          new File("/dashboard/app.js", "text/javascript"),
          FILES + "/feed.js",
          new File("/dashboard/feed.js", "text/javascript"),
          FILES + "/charts.js",
          new File("/dashboard/charts.js", "text/javascript"),
          FILES + "/text.js",
          new File("/dashboard/text.js", "text/javascript"),
          FILES + "/tree.js",
          new File("/dashboard/tree.js", "text/javascript"),
          FILES + "/uPlot.js",
          new File(CHARTS + "dist/uPlot.esm.js", "text/javascript"),
          FILES + "/uPlot.css",
          new File(CHARTS + "dist/uPlot.min.css", "text/css"));

  private final EventFeed feed;
  private final WebSettings settings;

  public DashboardEndpoints(EventFeed feed, WebSettings settings) {
    this.feed = feed;
    this.settings = settings;
  }

  @Override
  public void addTo(Javalin http) {
    CONTENT.forEach((path, file) -> http.get(path, ctx -> answer(ctx, file)));
    http.get("/events", ctx -> ctx.future(() -> follow(ctx)));
  }

  private static void answer(Context ctx, File file) {
    ctx.header("Content-Security-Policy", POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cache-Control", "no-cache")
        .contentType(file.type() + ";charset=utf-8")
        .result(read(file.resource()));
  }

  private static byte[] read(String resource) {
    try (InputStream in = DashboardEndpoints.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not on the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private CompletableFuture<Void> follow(Context ctx) {
    AtomicReference<StreamedBody> self = new AtomicReference<>();
    StreamedBody body =
        new StreamedBody(ctx, settings.maxUnreadBytes(), () -> feed.remove(self.get()));
    self.set(body);
    feed.add(body, AccessGuard.holder(ctx));
    return body.done();
  }
}
