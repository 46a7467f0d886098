package io.heterospec.topology.serve;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Header;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.streams.state.HostInfo;

/** The other instances of a pool, asked by HTTP with the key of whoever asks here. */
final class Peers {
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String scheme;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

  Peers(String scheme) {
    this.scheme = scheme;
  }

  /**
   * Asks an instance.
   *
   * @param authorization of the caller; null for none
   * @return empty when it says that there is no such thing
   * @throws IOException when it cannot be reached, refuses, or does not answer with an object
   */
  Optional<ObjectNode> get(HostInfo host, String path, String authorization) throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(host, path)).timeout(PATIENCE);
    if (authorization != null) {
      request.header(Header.AUTHORIZATION, authorization);
    }
    try {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() == NOT_FOUND) {
        return Optional.empty();
      }
      if (response.statusCode() == OK
          && JSON.readTree(response.body()) instanceof ObjectNode found) {
        return Optional.of(found);
      }
      throw new IOException(address(host) + " answers with status " + response.statusCode());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while asking " + address(host), e);
    }
  }

  private URI uri(HostInfo host, String path) throws IOException {
    try {
      return new URI(scheme + "://" + address(host) + path).parseServerAuthority();
    } catch (URISyntaxException e) {
      throw new IOException(address(host) + " is no address", e);
    }
  }

  /** {@code host:port}, as it stands in a URL. */
  static String address(HostInfo host) {
    String name = host.host().contains(":") ? "[" + host.host() + "]" : host.host();
    return name + ':' + host.port();
  }
}
