package io.heterospec.topology.serve;

import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.embedded.UnusableResourceException;
import io.javalin.Javalin;
import io.javalin.community.ssl.SslConfig;
import io.javalin.community.ssl.SslPlugin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Header;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import io.javalin.validation.ValidationError;
import io.javalin.validation.ValidationException;
import java.util.List;
import org.apache.kafka.streams.state.HostInfo;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server of a process. What it refuses it refuses in the shape of OpenAI's errors. */
public final class WebServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WebServer.class);
  private static final long SLOWEST_UPLOAD = 100; // bytes a second
  // The system would keep megabytes for a reader that is slow.
  private static final int SEND_BUFFER = 64 * 1024;
  private static final int SERVER_ERROR = 500;

  private final WebSettings settings;
  private final Javalin http;

  private WebServer(WebSettings settings, List<? extends Endpoints> parts) {
    this.settings = settings;
    http = Javalin.create(this::configure);
    AccessGuard guard = new AccessGuard(settings);
    http.before(guard::check);
    parts.forEach(part -> part.addTo(http));
    http.exception(ApiError.class, (e, ctx) -> refuse(ctx, e));
    http.exception(ValidationException.class, (e, ctx) -> refuse(ctx, of(e)));
    http.exception(HttpResponseException.class, (e, ctx) -> refuse(ctx, of(e, ctx)));
    http.exception(
        Exception.class,
        (e, ctx) -> {
          LOG.error("{} {} failed", ctx.method(), ctx.path(), e);
          refuse(ctx, ApiError.of(SERVER_ERROR, null, "internal error; see the server's log"));
        });
  }

  private void configure(JavalinConfig config) {
    config.showJavalinBanner = false;
    config.http.prefer405over404 = true;
    config.http.disableCompression(); // a stream of small events would wait for more
    config.jetty.modifyHttpConfiguration(jetty -> jetty.setMinRequestDataRate(SLOWEST_UPLOAD));
    if (!settings.corsOrigins().isEmpty()) {
      config.bundledPlugins.enableCors(
          cors -> cors.addRule(rule -> settings.corsOrigins().forEach(o -> rule.allowHost(o))));
    }
    settings
        .tls()
        .ifPresentOrElse(
            tls -> config.registerPlugin(new SslPlugin(ssl -> secure(ssl, tls))),
            () -> config.jetty.addConnector(this::plain));
  }

  private Connector plain(Server server, HttpConfiguration http) {
    ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost(settings.host());
    connector.setPort(settings.port());
    connector.setAcceptedSendBufferSize(SEND_BUFFER);
    return connector;
  }

  private void secure(SslConfig ssl, WebSettings.Tls tls) {
    ssl.host = settings.host();
    ssl.insecure = false;
    ssl.securePort = settings.port();
    ssl.http2 = false;
    ssl.sniHostCheck = false;
    ssl.configConnectors(connector -> connector.setAcceptedSendBufferSize(SEND_BUFFER));
    load(ssl, tls);
  }

  // The libraries that read them have exceptions of their own for everything that can be wrong.
  private static void load(SslConfig ssl, WebSettings.Tls tls) {
    try {
      ssl.pemFromPath(tls.certificate().toString(), tls.key().toString());
    } catch (RuntimeException e) {
      throw new UnusableResourceException(
          "the certificate %s or its key %s cannot be used: %s; both must be PEM, the key unencrypted"
              .formatted(tls.certificate(), tls.key(), e.getMessage()),
          e);
    }
  }

  private static ApiError of(HttpResponseException e, Context ctx) {
    return ApiError.of(
        e.getStatus(),
        null,
        e.getStatus() == 404
            ? "there is nothing at %s %s".formatted(ctx.method(), ctx.path())
            : e.getMessage());
  }

  private static ApiError of(ValidationException e) {
    String name = e.getErrors().keySet().iterator().next();
    ValidationError<?> error = e.getErrors().get(name).get(0);
    boolean read = error.exception() == null;
    return ApiError.invalid(
        name, "%s %s".formatted(name, read ? error.getMessage() : "is of another type"));
  }

  private static void refuse(Context ctx, ApiError error) {
    if (!error.retryAfter().isZero()) {
      long seconds = Math.max(1, (error.retryAfter().toMillis() + 999) / 1000);
      ctx.header(Header.RETRY_AFTER, Long.toString(seconds));
    }
    if (error.status() == 401) {
      ctx.header(Header.WWW_AUTHENTICATE, "Bearer");
    }
    ctx.status(error.status()).contentType("application/json").result(error.toJson().toString());
  }

  /**
   * Starts a server.
   *
   * @throws UnusableResourceException when the port is taken, or a file of keys or certificates
   *     cannot be used
   */
  public static WebServer start(WebSettings settings, List<? extends Endpoints> parts) {
    WebServer server;
    try {
      server = new WebServer(settings, parts);
      server.http.start();
      return server;
    } catch (JavalinBindException e) {
      throw new UnusableResourceException(
          "HTTP port %d is taken or not allowed; choose another with --http-port or %s"
              .formatted(settings.port(), HeteroSpecConfig.HTTP_PORT),
          e);
    }
  }

  /** The address, {@code http://host:port}. */
  public String url() {
    String scheme = settings.tls().isPresent() ? "https" : "http";
    return scheme + "://" + Peers.address(new HostInfo(settings.host(), http.port()));
  }

  @Override
  public void close() {
    http.stop();
  }
}
