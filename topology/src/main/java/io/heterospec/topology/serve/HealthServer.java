package io.heterospec.topology.serve;

import io.heterospec.topology.embedded.UnusableResourceException;
import io.javalin.Javalin;
import io.javalin.util.JavalinBindException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** {@code GET /health}: 200 while the application and its engine work, otherwise 503. */
public final class HealthServer implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";

  private final Javalin http;

  private HealthServer(Javalin http) {
    this.http = http;
  }

  /**
   * Starts the server on the loopback interface.
   *
   * @param port 0 for any free one
   * @param checks name of each part and whether it works
   * @throws UnusableResourceException when the port is taken
   */
  public static HealthServer start(int port, Map<String, BooleanSupplier> checks) {
    Javalin http = Javalin.create(config -> config.showJavalinBanner = false);
    http.get(
        "/health",
        context -> {
          Map<String, String> parts = new TreeMap<>();
          checks.forEach((name, check) -> parts.put(name, check.getAsBoolean() ? "UP" : "DOWN"));
          boolean up = !parts.containsValue("DOWN");
          parts.put("status", up ? "UP" : "DOWN");
          context.status(up ? 200 : 503).json(parts);
        });
    try {
      http.start(LOOPBACK, port);
      return new HealthServer(http);
    } catch (JavalinBindException e) {
      throw new UnusableResourceException(
          "HTTP port " + port + " is taken; choose another with --http-port", e);
    }
  }

  /** The address, {@code http://host:port}. */
  public String url() {
    return "http://" + LOOPBACK + ":" + http.port();
  }

  @Override
  public void close() {
    http.stop();
  }
}
