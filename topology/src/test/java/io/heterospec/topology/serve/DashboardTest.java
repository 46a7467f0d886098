package io.heterospec.topology.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.TorchEngine;
import io.heterospec.topology.DemoPair;
import io.heterospec.topology.HeteroSpecConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard of a gateway with keys, with the bundled pair behind it. */
class DashboardTest {
  private static final long LIMIT_SECONDS = 90;
  private static final Pattern REFERENCE = Pattern.compile("(?:href|src|from)=?\\s*\"(/[^\"]*)\"");

  @TempDir static Path directory;

  private static TorchEngine engine;
  private static GatewayCluster cluster;
  private static String key;
  private static String strangersKey;

  @BeforeAll
  static void start() throws Exception {
    Path keys = directory.resolve("keys");
    key = ApiKeys.create(keys, "alice");
    strangersKey = ApiKeys.create(keys, "bob");
    engine =
        TorchEngine.open(
            EngineOptions.of(DemoPair.target(), DemoPair.draft()).withName("demo").withThreads(1));
    cluster =
        new GatewayCluster(directory, engine, Map.of(HeteroSpecConfig.API_KEYS, keys.toString()));
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
    engine.close();
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(cluster.http.url() + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void thePageNeedsNoKeyAndWhatItFetchesIsThere() throws Exception {
    HttpResponse<String> page = get("/");
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Security-Policy"))
        .hasValueSatisfying(policy -> assertThat(policy).startsWith("default-src 'self'"));
    List<String> references =
        Stream.of(page.body(), get("/dashboard/app.js").body(), get("/dashboard/charts.js").body())
            .flatMap(text -> REFERENCE.matcher(text).results())
            .map(found -> found.group(1))
            .toList();
    assertThat(references).hasSizeGreaterThan(6);
    for (String reference : references) {
      assertThat(get(reference).statusCode()).as(reference).isEqualTo(200);
    }
  }

  @Test
  void theEventsNeedAKey() throws Exception {
    assertThat(get("/events").statusCode()).isEqualTo(401);
  }

  @Test
  void aPromptTypedInABrowserShowsTextTreeAndCharts() throws Exception {
    Optional<Path> chromium =
        Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(chromium.isPresent(), "Chromium is needed for this test");
    Path work = Files.createDirectory(directory.resolve("js"));
    Path sources = DemoPair.home().resolve("topology/src/test/js/dashboard");
    for (String file : List.of("package.json", "package-lock.json", "dashboard.mjs")) {
      Files.copy(sources.resolve(file), work.resolve(file));
    }
    assumeTrue(
        run(work, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"),
        "npm and playwright-core are needed for this test");
    Path screenshots = DemoPair.home().resolve("topology/target/screenshots");
    Files.createDirectories(screenshots);
    run(
        work,
        "node",
        "dashboard.mjs",
        cluster.http.url(),
        chromium.get().toString(),
        screenshots.toString(),
        key,
        strangersKey);
    assertThat(work.resolve("log")).content().endsWith("ok\n");
    assertThat(screenshots.resolve("dashboard-390px.png")).isNotEmptyFile();
  }

  /** Whether a program was there and succeeded; its output is in the file log. */
  private static boolean run(Path directory, String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("log").toFile())
              .start();
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      return false; // the program is not installed
    }
  }
}
