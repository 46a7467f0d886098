package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.topology.embedded.UnusableResourceException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code sessions}: which sessions exist, where they are and what of them is cached. */
@Command(
    name = "sessions",
    mixinStandardHelpOptions = true,
    description = "Shows the sessions of a running cluster, by any of its processors.",
    footer = {
      "",
      "Examples:",
      "  heterospec sessions list",
      "  heterospec sessions show s1 --json"
    })
final class SessionsCommand {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int SERVER_ERROR = 500; // and above: asking in another way would not help
  private static final String ROW = "%-28s %6s %8s  %-20s %-7s %8s  %s%n";

  @Spec CommandSpec spec;

  @Option(
      names = "--url",
      defaultValue = "http://127.0.0.1:8080",
      scope = ScopeType.INHERIT,
      description = "HTTP address of a processor. Default: ${DEFAULT-VALUE}, which 'up' serves.")
  String url;

  @Option(
      names = "--api-key",
      scope = ScopeType.INHERIT,
      defaultValue = "${env:HETEROSPEC_API_KEY}",
      description = "Where the processor asks for one. Default: the variable HETEROSPEC_API_KEY.")
  String apiKey;

  @Option(names = "--json", scope = ScopeType.INHERIT, description = "Print one JSON object.")
  boolean json;

  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists sessions.")
  int list(
      @Option(names = "--limit", defaultValue = "100", description = "Most of them. Default: 100.")
          int limit) {
    PrintWriter out = spec.commandLine().getOut();
    ObjectNode page = get("sessions?limit=" + limit);
    if (json) {
      Json.print(out, page);
      return 0;
    }
    out.printf(ROW, "session", "turns", "tokens", "last used", "cache", "device", "instance");
    page.path("sessions").forEach(session -> row(out, session));
    page.path("unreachable")
        .forEach(host -> out.printf("Instance %s does not answer.%n", host.asText()));
    out.flush();
    return 0;
  }

  @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one session.")
  int show(@Parameters(paramLabel = "ID", description = "Of the session.") String id) {
    PrintWriter out = spec.commandLine().getOut();
    String encoded = URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    ObjectNode session = get("sessions/" + encoded);
    if (json) {
      Json.print(out, session);
    } else {
      session
          .properties()
          .forEach(field -> out.printf("%-14s %s%n", field.getKey(), field.getValue().asText()));
      out.flush();
    }
    return 0;
  }

  private static void row(PrintWriter out, JsonNode session) {
    out.printf(
        ROW,
        session.path("id").asText(),
        session.path("turns").asText(),
        session.path("tokens").asText(),
        session.path("last_used_at").asText(),
        session.path("cache_tier").asText(),
        session.path("device_tokens").asText(),
        session.path("instance").asText("this one"));
  }

  // Below the address, whether or not that ends with a slash.
  private ObjectNode get(String path) {
    HttpRequest.Builder request;
    try {
      URI base = URI.create(url.endsWith("/") ? url : url + '/');
      request = HttpRequest.newBuilder(base.resolve(path)).timeout(PATIENCE);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--url '" + url + "' is no HTTP address: " + e.getMessage(), e);
    }
    if (apiKey != null && !apiKey.isBlank()) {
      request.header("Authorization", "Bearer " + apiKey);
    }
    try {
      HttpResponse<String> response =
          HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
      JsonNode body = new ObjectMapper().readTree(response.body());
      if (response.statusCode() == 200 && body instanceof ObjectNode page) {
        return page;
      }
      String reason =
          "%s: %s".formatted(url, body.path("error").path("message").asText(response.body()));
      throw response.statusCode() >= SERVER_ERROR
          ? new IllegalStateException(reason)
          : new UsageException(reason);
    } catch (IOException e) {
      throw new UnusableResourceException(
          "no processor answers at %s; start one with 'heterospec up', or give --url"
              .formatted(url),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnusableResourceException("interrupted while waiting for " + url, e);
    }
  }
}
