package io.heterospec.schemas;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests to a schema registry: tries every address, and tells the registry's own word on a schema
 * or subject, which is final ({@link RegistryException}), from having none ({@link
 * RegistryUnavailableException}). Whatever else comes back (missing rights, a redirection, a
 * proxy's page) says nothing of what was asked: it is asked again, and counts as no answer.
 */
final class RegistryHttp {

  private static final Logger LOG = LoggerFactory.getLogger(RegistryHttp.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
  private static final int NO_CODE = 0;

  // Each client owns a thread, and an application has a serde for every topic: they share one.
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final RegistryConfig config;

  RegistryHttp(RegistryConfig config) {
    this.config = config;
  }

  /**
   * @param what what is asked for, for messages: "schema id 7"
   */
  JsonNode get(String path, String what) {
    return exchange("GET", path, "", what);
  }

  /**
   * @param what what is asked for, for messages: "subject prompts-value"
   */
  JsonNode post(String path, JsonNode body, String what) {
    return exchange("POST", path, body.toString(), what);
  }

  private JsonNode exchange(String method, String path, String body, String what) {
    List<URI> urls = config.urls();
    Failure last = null;
    for (int attempt = 0; attempt <= config.maxRetries(); attempt++) {
      if (attempt > 0) {
        pause(config.retryWait(attempt - 1), what, last);
      }
      for (int i = 0; i < urls.size(); i++) {
        try {
          HttpResponse<String> response = send(method, i, path, body);
          JsonNode answer = parse(response.body());
          if (response.statusCode() / 100 == 2 && answer.isObject()) {
            return answer;
          }
          requireNoVerdict(urls.get(i), response.statusCode(), answer, what);
          last = new Failure(describe(response.statusCode()), null);
        } catch (IOException e) {
          last = new Failure(describe(e), e);
        }
      }
    }
    throw new RegistryUnavailableException(
        "No schema registry at %s answered for %s (%s); check %s and that the registry is up"
            .formatted(addresses(urls), what, last.reason(), RegistryConfig.URL),
        last.cause());
  }

  private HttpResponse<String> send(String method, int url, String path, String body)
      throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(config.urls().get(url) + path))
            .timeout(config.timeout())
            .header("Accept", CONTENT_TYPE)
            .header("Content-Type", CONTENT_TYPE)
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    config.authorization(url).ifPresent(value -> request.header("Authorization", value));
    try {
      return CLIENT.send(request.build(), BodyHandlers.ofString());
    } catch (InterruptedException e) {
      throw new InterruptException("Interrupted while waiting for the schema registry", e);
    }
  }

  private static void requireNoVerdict(URI url, int status, JsonNode answer, String what) {
    int code = answer.path("error_code").asInt(NO_CODE);
    if (status / 100 == 4 && isVerdict(code)) {
      throw new RegistryException(
          "Schema registry %s refused %s: %s (status %d, code %d)"
              .formatted(url, what, answer.path("message").asText("no explanation"), status, code),
          status,
          code);
    }
  }

  // 404xx: no such subject, version or schema; 409: incompatible; 422xx: not valid. A plain 404 is
  // a web server's that does not know the path.
  private static boolean isVerdict(int code) {
    return code / 100 == 404 || code == 409 || code / 100 == 422;
  }

  private static JsonNode parse(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      // A proxy's HTML page, say: it is described by its status.
      return MissingNode.getInstance();
    }
  }

  private static void pause(Duration wait, String what, Failure last) {
    LOG.warn(
        "No schema registry answered for {} ({}); trying again in {} ms",
        what,
        last.reason(),
        wait.toMillis());
    try {
      Thread.sleep(wait.toMillis());
    } catch (InterruptedException e) {
      throw new InterruptException("Interrupted while waiting for the schema registry", e);
    }
  }

  private static String describe(int status) {
    return "HTTP status "
        + status
        + switch (status) {
          case 401, 403 -> "; check " + RegistryConfig.USER_INFO;
          case 200 -> ", but no registry's answer";
          default -> "";
        };
  }

  private static String describe(IOException e) {
    // A refused connection has no message of its own.
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private static String addresses(List<URI> urls) {
    return String.join(", ", urls.stream().map(URI::toString).toList());
  }

  private record Failure(String reason, IOException cause) {}
}
