package io.heterospec.topology.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.HeteroSpecConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.state.HostInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeersTest {
  @TempDir Path directory;

  private final Peers peers = new Peers("http");
  private String key;
  private WebServer server;
  private HostInfo host;

  @BeforeEach
  void start() throws IOException {
    Path keys = directory.resolve("keys");
    key = "Bearer " + ApiKeys.create(keys, "alice");
    WebSettings settings =
        WebSettings.of(
            HeteroSpecConfig.fromMap(
                Map.of(
                    HeteroSpecConfig.HTTP_PORT, "0", HeteroSpecConfig.API_KEYS, keys.toString())));
    server =
        WebServer.start(
            settings,
            List.<Endpoints>of(
                http -> http.get("/page", ctx -> ctx.result("{\"a\": 1}")),
                http -> http.get("/list", ctx -> ctx.result("[1]")),
                http -> http.get("/moving", ctx -> ctx.status(503))));
    URI url = URI.create(server.url());
    host = new HostInfo(url.getHost(), url.getPort());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void anAnswerIsAnObjectAndNotFoundIsNone() throws IOException {
    assertThat(peers.get(host, "/page", key))
        .hasValueSatisfying(page -> assertThat(page.path("a").asInt()).isOne());
    assertThat(peers.get(host, "/nothing", key)).isEmpty();
  }

  @Test
  void whoIsRefusedIsToldSoInsteadOfNothing() {
    assertThatThrownBy(() -> peers.get(host, "/page", null))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("status 401");
    assertThatThrownBy(() -> peers.get(host, "/moving", key)).hasMessageContaining("status 503");
  }

  @Test
  void somethingElseThatAnswersIsNoPeer() {
    assertThatThrownBy(() -> peers.get(host, "/list", key)).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"no_host_name", "::1::2", "fe80::1%"})
  void anAddressThatNobodyCanHaveIsAFailure(String name) {
    assertThatThrownBy(() -> peers.get(new HostInfo(name, 8080), "/page", key))
        .isInstanceOf(IOException.class);
  }

  @Test
  void anAddressOfIpv6StandsInBrackets() {
    assertThat(Peers.address(new HostInfo("::1", 8080))).isEqualTo("[::1]:8080");
    assertThat(Peers.address(new HostInfo("localhost", 8080))).isEqualTo("localhost:8080");
  }

  @Test
  void nobodyThereIsAFailure() {
    server.close();
    assertThatThrownBy(() -> peers.get(host, "/page", key)).isInstanceOf(IOException.class);
  }
}
