package io.heterospec.topology.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.embedded.UnusableResourceException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class HealthServerTest {

  private static HttpResponse<String> get(String url) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void healthIsDownAsSoonAsOnePartIs() throws IOException, InterruptedException {
    AtomicBoolean engine = new AtomicBoolean(true);
    try (HealthServer server =
        HealthServer.start(0, Map.of("engine", engine::get, "streams", () -> true))) {
      HttpResponse<String> up = get(server.url() + "/health");
      assertThat(up.statusCode()).isEqualTo(200);
      assertThat(up.body()).contains("\"status\":\"UP\"");
      engine.set(false);
      HttpResponse<String> down = get(server.url() + "/health");
      assertThat(down.statusCode()).isEqualTo(503);
      assertThat(down.body()).contains("\"engine\":\"DOWN\"", "\"streams\":\"UP\"");
    }
  }

  @Test
  void itListensOnTheLoopbackInterfaceAndNamesATakenPort() {
    try (HealthServer server = HealthServer.start(0, Map.of())) {
      assertThat(server.url()).startsWith("http://127.0.0.1:");
      int port = URI.create(server.url()).getPort();
      assertThatThrownBy(() -> HealthServer.start(port, Map.of()))
          .isInstanceOf(UnusableResourceException.class)
          .hasMessageContaining("HTTP port " + port)
          .hasMessageContaining("--http-port");
    }
  }
}
