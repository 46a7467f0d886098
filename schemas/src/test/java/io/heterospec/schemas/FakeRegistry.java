package io.heterospec.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The few registry requests that serializers make, answered from memory; can be told to fail. */
final class FakeRegistry implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern BY_ID = Pattern.compile("/schemas/ids/(\\d+)");
  private static final Pattern SUBJECT = Pattern.compile("/subjects/([^/]+)(/versions(/latest)?)?");

  private final HttpServer server;
  private final List<String> schemas = new ArrayList<>();
  private final Map<String, Integer> latest = new HashMap<>();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile int failureStatus;
  private volatile String rawAnswer;
  private volatile int rawStatus;

  /** Method and path of every request, in order. */
  final List<String> requests = new CopyOnWriteArrayList<>();

  /** The Authorization header of every request that had one. */
  final List<String> authorizations = new CopyOnWriteArrayList<>();

  FakeRegistry() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The configuration of a client of this registry that retries without waiting. */
  Map<String, Object> config() {
    Map<String, Object> config = new HashMap<>();
    config.put(RegistryConfig.URL, url());
    config.put(RegistryConfig.MAX_RETRIES, 3);
    config.put(RegistryConfig.RETRY_WAIT_MS, 1);
    return config;
  }

  void failNext(int times, int status) {
    failureStatus = status;
    failures.set(times);
  }

  void answerAlways(String body) {
    answerAlways(200, body);
  }

  void answerAlways(int status, String body) {
    rawStatus = status;
    rawAnswer = body;
  }

  /** Gives the schema an id of its own under the subject. */
  synchronized int add(String subject, String schema) {
    int id = schemas.indexOf(schema) + 1;
    if (id == 0) {
      schemas.add(schema);
      id = schemas.size();
    }
    latest.put(subject, id);
    return id;
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(exchange.getRequestMethod() + " " + path);
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    if (authorization != null) {
      authorizations.add(authorization);
    }
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    if (failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      respond(exchange, failureStatus, error(failureStatus, "told to fail"));
    } else if (rawAnswer != null) {
      respond(exchange, rawStatus, rawAnswer);
    } else {
      route(exchange, path, body);
    }
  }

  private synchronized void route(HttpExchange exchange, String path, String body)
      throws IOException {
    Matcher byId = BY_ID.matcher(path);
    if (byId.matches()) {
      int id = Integer.parseInt(byId.group(1));
      if (id < 1 || id > schemas.size()) {
        respond(exchange, 404, error(40403, "Schema " + id + " not found"));
      } else {
        respond(exchange, 200, schema(id));
      }
      return;
    }
    Matcher subject = SUBJECT.matcher(path);
    if (!subject.matches()) {
      respond(exchange, 404, error(404, "no such path"));
    } else if (exchange.getRequestMethod().equals("GET")) {
      Integer id = latest.get(subject.group(1));
      respond(
          exchange,
          id == null ? 404 : 200,
          id == null ? error(40401, "Subject not found") : schema(id));
    } else if (subject.group(2) != null) {
      respond(exchange, 200, schema(add(subject.group(1), schemaIn(body))));
    } else {
      int id = schemas.indexOf(schemaIn(body)) + 1;
      boolean known = id > 0 && latest.containsKey(subject.group(1));
      respond(exchange, known ? 200 : 404, known ? schema(id) : error(40403, "Schema not found"));
    }
  }

  private String schema(int id) {
    return JSON.createObjectNode()
        .put("id", id)
        .put("version", 1)
        .put("schema", schemas.get(id - 1))
        .toString();
  }

  private static String schemaIn(String body) throws IOException {
    JsonNode request = JSON.readTree(body);
    return request.path("schema").asText();
  }

  private static String error(int code, String message) {
    return JSON.createObjectNode().put("error_code", code).put("message", message).toString();
  }

  private static void respond(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/vnd.schemaregistry.v1+json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
