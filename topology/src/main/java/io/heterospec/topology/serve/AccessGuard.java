package io.heterospec.topology.serve;

import io.heterospec.topology.serve.dashboard.DashboardEndpoints;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.Header;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Lets in who may: holders of a key where keys are in use. Without keys only this machine's
 * programs get here, and web pages must not use that: a request must be addressed to this machine
 * by name (against DNS rebinding) and a body must say that it is JSON (which a page of another
 * origin cannot say unless CORS allows it).
 */
public final class AccessGuard {
  private static final String HOLDER = "holder";
  private static final String BEARER = "bearer ";
  private static final String HEALTH = "/health";
  private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

  private final Optional<ApiKeys> keys;
  private final RateLimits limits;

  AccessGuard(WebSettings settings) {
    keys = settings.apiKeys().map(ApiKeys::open);
    limits = new RateLimits(settings.requestsPerMinute());
  }

  /**
   * @throws ApiError when it may not pass
   */
  void check(Context request) {
    boolean health = isAt(request, HEALTH);
    if (health || request.method() == HandlerType.OPTIONS) {
      return;
    }
    String holder = "";
    if (keys.isPresent() && isPage(request)) {
      return;
    }
    if (keys.isPresent()) {
      holder = holder(request.header(Header.AUTHORIZATION));
    } else {
      requireLoopbackName(request.host());
    }
    request.attribute(HOLDER, holder);
    limits.count(holder);
    if (request.method() == HandlerType.POST) {
      requireJson(request);
    }
  }

  private static boolean isAt(Context request, String place) {
    return request.path().equals(place) || request.path().startsWith(place + "/");
  }

  // The dashboard's own files hold no data, and a browser cannot send a key with its first request.
  private static boolean isPage(Context request) {
    return request.method() == HandlerType.GET
        && (request.path().equals("/") || isAt(request, DashboardEndpoints.FILES));
  }

  /** Name of the key a request came with; empty where no keys are in use. */
  public static String holder(Context request) {
    return request.attribute(HOLDER);
  }

  private String holder(String authorization) {
    if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
      throw ApiError.of(
          401, "missing_api_key", "no API key; send the header 'Authorization: Bearer YOUR_KEY'");
    }
    return keys.orElseThrow()
        .holder(authorization.substring(BEARER.length()).strip())
        .orElseThrow(() -> ApiError.of(401, "invalid_api_key", "the API key is not known"));
  }

  private static void requireLoopbackName(String host) {
    String name = host == null ? "" : host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
    if (!LOOPBACK_NAMES.contains(name)) {
      throw ApiError.of(
          421, "wrong_host", "this server answers to localhost only; it has no API keys");
    }
  }

  private static void requireJson(Context request) {
    String type = request.contentType();
    boolean empty = request.contentLength() <= 0 && request.header("Transfer-Encoding") == null;
    if (type == null ? !empty : !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
      throw ApiError.of(
          415, "unsupported_media_type", "send JSON, with 'Content-Type: application/json'");
    }
  }
}
