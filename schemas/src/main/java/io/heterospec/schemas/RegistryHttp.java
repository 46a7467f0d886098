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
 * Requests to a schema registry: tries every address, retries what may pass, and tells an answer
 * that is final ({@link RegistryException}) from having none ({@link
 * RegistryUnavailableException}).
 */
final class RegistryHttp {

  private static final Logger LOG = LoggerFactory.getLogger(RegistryHttp.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

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
          if (!isTransient(response.statusCode())) {
            return answer(urls.get(i), response, what);
          }
          last = new Failure("HTTP status " + response.statusCode(), null);
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

  private static JsonNode answer(URI url, HttpResponse<String> response, String what) {
    JsonNode body = parse(response.body());
    int status = response.statusCode();
    if (status / 100 == 2 && !body.isMissingNode()) {
      return body;
    }
    int code = body.path("error_code").asInt(status);
    String reason = body.path("message").asText("no explanation");
    String remedy =
        switch (status) {
          case 200 -> "; check that this is the address of a schema registry";
          case 401, 403 -> "; check " + RegistryConfig.USER_INFO;
          default -> "";
        };
    throw new RegistryException(
        "Schema registry %s refused %s: %s (status %d, code %d)%s"
            .formatted(url, what, reason, status, code, remedy),
        status,
        code);
  }

  private static JsonNode parse(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      // A proxy's HTML page, say: the status tells enough.
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

  private static boolean isTransient(int status) {
    return status >= 500 || status == 408 || status == 429;
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
