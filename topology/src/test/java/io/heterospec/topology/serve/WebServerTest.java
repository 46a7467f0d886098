package io.heterospec.topology.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.embedded.UnusableResourceException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, and what health says. */
class WebServerTest {
  @TempDir Path directory;

  private final AtomicBoolean engine = new AtomicBoolean(true);

  private static WebSettings settings(String... pairs) {
    Map<String, String> settings = new HashMap<>(Map.of(HeteroSpecConfig.HTTP_PORT, "0"));
    for (int i = 0; i < pairs.length; i += 2) {
      settings.put(pairs[i], pairs[i + 1]);
    }
    return WebSettings.of(HeteroSpecConfig.fromMap(settings));
  }

  private WebServer start(WebSettings settings) {
    return WebServer.start(
        settings,
        List.<Endpoints>of(
            new HealthEndpoints(
                Map.of("streams", () -> true),
                Map.of("engine", engine::get, "streams", () -> true),
                page -> page.put("answer", 42)),
            http -> http.post("/echo", ctx -> ctx.result("{}")),
            http ->
                http.get(
                    "/broken",
                    ctx -> {
                      throw new IllegalStateException("a secret");
                    })));
  }

  private static HttpResponse<String> get(WebServer server, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.url() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aProcessCanLiveAndNotBeReady() throws Exception {
    try (WebServer server = start(settings())) {
      assertThat(get(server, "/health/ready").statusCode()).isEqualTo(200);
      engine.set(false);
      HttpResponse<String> ready = get(server, "/health/ready");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body())
          .contains("\"engine\":\"DOWN\"", "\"streams\":\"UP\"", "\"status\":\"DOWN\"");
      assertThat(get(server, "/health/live").statusCode()).isEqualTo(200);
      assertThat(get(server, "/health").body()).contains("\"status\":\"UP\"");
      assertThat(get(server, "/status").body()).contains("\"ready\" : false", "42");
    }
  }

  @Test
  void itListensOnTheLoopbackInterfaceAndNamesATakenPort() {
    try (WebServer server = start(settings())) {
      assertThat(server.url()).startsWith("http://127.0.0.1:");
      String port = Integer.toString(URI.create(server.url()).getPort());
      assertThatThrownBy(() -> start(settings(HeteroSpecConfig.HTTP_PORT, port)))
          .isInstanceOf(UnusableResourceException.class)
          .hasMessageContaining("HTTP port " + port)
          .hasMessageContaining("--http-port");
    }
  }

  @Test
  void anyOtherAddressNeedsKeys() {
    assertThatThrownBy(() -> settings(HeteroSpecConfig.HTTP_HOST, "0.0.0.0"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("0.0.0.0")
        .hasMessageContaining("heterospec api-key");
    assertThat(
            settings(HeteroSpecConfig.HTTP_HOST, "0.0.0.0", HeteroSpecConfig.API_KEYS, "some-file")
                .apiKeys())
        .isPresent();
  }

  @Test
  void withKeysOnlyTheirHoldersAndHealthChecksPass() throws Exception {
    Path keys = directory.resolve("keys");
    String key = ApiKeys.create(keys, "alice");
    try (WebServer server = start(settings(HeteroSpecConfig.API_KEYS, keys.toString()))) {
      HttpResponse<String> none = get(server, "/status");
      assertThat(none.statusCode()).isEqualTo(401);
      assertThat(none.headers().firstValue("WWW-Authenticate")).contains("Bearer");
      assertThat(none.body()).contains("missing_api_key");
      HttpResponse<String> wrong = get(server, "/status", "Authorization", "Bearer sk-wrong");
      assertThat(wrong.statusCode()).isEqualTo(401);
      assertThat(wrong.body()).contains("invalid_api_key");
      assertThat(get(server, "/status", "Authorization", "Bearer " + key).statusCode())
          .isEqualTo(200);
      assertThat(get(server, "/health/live").statusCode()).isEqualTo(200);
      assertThat(get(server, "/nowhere").statusCode()).isEqualTo(401);
    }
  }

  @Test
  void requestsBeyondTheRateAreToldWhenToComeBack() throws Exception {
    try (WebServer server = start(settings(HeteroSpecConfig.REQUESTS_PER_MINUTE, "2"))) {
      assertThat(get(server, "/status").statusCode()).isEqualTo(200);
      assertThat(get(server, "/status").statusCode()).isEqualTo(200);
      HttpResponse<String> third = get(server, "/status");
      assertThat(third.statusCode()).isEqualTo(429);
      assertThat(third.body()).contains("rate_limit_exceeded");
      assertThat(third.headers().firstValueAsLong("Retry-After").orElseThrow()).isBetween(1L, 30L);
      assertThat(get(server, "/health").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void withoutKeysWebPagesOfOthersCannotUseIt() throws Exception {
    try (WebServer server = start(settings())) {
      String port = Integer.toString(URI.create(server.url()).getPort());
      assertThat(RawHttp.send(server.url(), "GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
          .startsWith("HTTP/1.1 421");
      assertThat(
              RawHttp.send(
                  server.url(), "GET /status HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n"))
          .startsWith("HTTP/1.1 200");
      HttpResponse<String> page =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(server.url() + "/echo"))
                      .header("Content-Type", "text/plain")
                      .header("Origin", "https://evil.example")
                      .POST(HttpRequest.BodyPublishers.ofString("{}"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(page.statusCode()).isEqualTo(415);
      assertThat(page.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }
  }

  @Test
  void onlyOriginsThatAreNamedMayUseIt() throws Exception {
    try (WebServer server =
        start(settings(HeteroSpecConfig.CORS_ORIGINS, "https://app.example.org"))) {
      assertThat(
              get(server, "/status", "Origin", "https://app.example.org")
                  .headers()
                  .firstValue("Access-Control-Allow-Origin"))
          .contains("https://app.example.org");
      assertThat(
              get(server, "/status", "Origin", "https://evil.example")
                  .headers()
                  .firstValue("Access-Control-Allow-Origin"))
          .isEmpty();
    }
  }

  @Test
  void whatIsNotThereOrFailsIsSaidInTheShapeOfAnError() throws Exception {
    try (WebServer server = start(settings())) {
      HttpResponse<String> nowhere = get(server, "/nowhere");
      assertThat(nowhere.statusCode()).isEqualTo(404);
      assertThat(nowhere.body()).contains("\"error\":{\"message\":", "GET /nowhere");
      HttpResponse<String> broken = get(server, "/broken");
      assertThat(broken.statusCode()).isEqualTo(500);
      assertThat(broken.body()).contains("server_error").doesNotContain("secret");
      assertThat(get(server, "/echo").statusCode()).isEqualTo(405);
    }
  }

  @Test
  void withACertificateItSpeaksTls() throws Exception {
    KeyStore store = selfSigned();
    Path certificate = directory.resolve("certificate.pem");
    Path key = directory.resolve("key.pem");
    Files.writeString(certificate, pem("CERTIFICATE", store.getCertificate("tls").getEncoded()));
    Files.writeString(
        key, pem("PRIVATE KEY", store.getKey("tls", "secret".toCharArray()).getEncoded()));
    WebSettings settings =
        settings(
            HeteroSpecConfig.TLS_CERTIFICATE,
            certificate.toString(),
            HeteroSpecConfig.TLS_KEY,
            key.toString());
    try (WebServer server = start(settings)) {
      assertThat(server.url()).startsWith("https://127.0.0.1:");
      HttpResponse<String> answer =
          HttpClient.newBuilder()
              .sslContext(trusting(store))
              .build()
              .send(
                  HttpRequest.newBuilder(URI.create(server.url() + "/health")).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).isEqualTo(200);
    }
    Files.writeString(key, "no key");
    assertThatThrownBy(() -> start(settings)).isInstanceOf(UnusableResourceException.class);
    assertThatThrownBy(() -> settings(HeteroSpecConfig.TLS_KEY, key.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(HeteroSpecConfig.TLS_CERTIFICATE);
  }

  private KeyStore selfSigned() throws Exception {
    Path file = directory.resolve("store.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "tls",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-storepass",
                "secret",
                "-keystore",
                file.toString())
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, "secret".toCharArray());
    }
    return store;
  }

  private static SSLContext trusting(KeyStore store) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("tls", store.getCertificate("tls"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static String pem(String type, byte[] bytes) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(type, Base64.getMimeEncoder().encodeToString(bytes), type);
  }
}
