package io.heterospec.topology.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.topology.session.SessionDirectory;
import io.heterospec.topology.session.SessionSummary;
import io.javalin.Javalin;
import io.javalin.http.Context;
import io.javalin.http.Header;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.HostInfo;

/**
 * {@code GET /sessions} and {@code /sessions/ID}: the sessions of all instances of a pool, of any
 * one of them. An instance asks the others, with the caller's key; {@code ?scope=local} leaves that
 * out. Of itself it knows without asking: it need not be able to reach the address it advertises.
 * Callers with a key see the sessions of its holder.
 */
public final class SessionEndpoints implements Endpoints {
  private static final int DEFAULT_LIMIT = 100;
  private static final int MOST = 1000;
  private static final int UNAVAILABLE = 503;

  private final SessionDirectory sessions;
  private final Optional<HostInfo> self;
  private final Peers peers;

  /**
   * @param self what this instance advertises; empty where it advertises nothing
   */
  public SessionEndpoints(
      SessionDirectory sessions, Optional<HostInfo> self, WebSettings settings) {
    this.sessions = sessions;
    this.self = self;
    this.peers = new Peers(settings.tls().isPresent() ? "https" : "http");
  }

  @Override
  public void addTo(Javalin http) {
    http.get("/sessions", this::list);
    http.get("/sessions/<id>", this::show); // ids may hold slashes
  }

  private void list(Context ctx) {
    int limit =
        ctx.queryParamAsClass("limit", Integer.class)
            .check(n -> n >= 1 && n <= MOST, "must be between 1 and " + MOST)
            .getOrDefault(DEFAULT_LIMIT);
    ObjectNode page = JsonNodeFactory.instance.objectNode();
    ArrayNode found = page.putArray("sessions");
    ArrayNode unreachable = page.putArray("unreachable");
    if (isLocal(ctx) || sessions.instances().isEmpty()) {
      query(() -> here(ctx, limit)).forEach(found::add);
    } else {
      for (HostInfo host : sessions.instances()) {
        try {
          for (JsonNode each : isSelf(host) ? here(ctx, limit) : there(ctx, host, limit)) {
            if (found.size() < limit) {
              found.add(((ObjectNode) each).put("instance", Peers.address(host)));
            }
          }
        } catch (IOException | InvalidStateStoreException e) {
          unreachable.add(Peers.address(host));
        }
      }
    }
    answer(ctx, page);
  }

  private List<ObjectNode> here(Context ctx, int limit) {
    return sessions.list(prefix(ctx), limit).stream().map(SessionEndpoints::describe).toList();
  }

  private JsonNode there(Context ctx, HostInfo host, int limit) throws IOException {
    return ask(ctx, host, "/sessions?limit=" + limit)
        .orElseThrow(() -> new IOException(Peers.address(host) + " has no sessions"))
        .path("sessions");
  }

  private boolean isSelf(HostInfo host) {
    return self.filter(host::equals).isPresent();
  }

  private void show(Context ctx) {
    String id = ctx.pathParam("id");
    if (!id.startsWith(prefix(ctx))) {
      throw unknown(id);
    }
    Optional<HostInfo> owner = isLocal(ctx) ? Optional.empty() : sessions.owner(id);
    if (owner.filter(host -> !isSelf(host)).isEmpty()) {
      SessionSummary summary = query(() -> sessions.find(id)).orElseThrow(() -> unknown(id));
      ObjectNode found = describe(summary);
      owner.ifPresent(host -> found.put("instance", Peers.address(host)));
      answer(ctx, found);
      return;
    }
    String path = "/sessions/" + URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    try {
      ObjectNode found = ask(ctx, owner.get(), path).orElseThrow(() -> unknown(id));
      answer(ctx, found.put("instance", Peers.address(owner.get())));
    } catch (IOException e) {
      throw ApiError.of(
          UNAVAILABLE,
          "instance_unreachable",
          "the instance %s, which has session '%s', gives no answer; try again when its partitions have moved"
              .formatted(Peers.address(owner.get()), id));
    }
  }

  private Optional<ObjectNode> ask(Context ctx, HostInfo host, String path) throws IOException {
    String separator = path.contains("?") ? "&" : "?";
    return peers.get(host, path + separator + "scope=local", ctx.header(Header.AUTHORIZATION));
  }

  private static boolean isLocal(Context ctx) {
    return "local".equals(ctx.queryParam("scope"));
  }

  private static String prefix(Context ctx) {
    String holder = AccessGuard.holder(ctx);
    return holder.isEmpty() ? "" : holder + '/';
  }

  private interface Query<T> {
    T run();
  }

  private static <T> T query(Query<T> query) {
    try {
      return query.run();
    } catch (InvalidStateStoreException e) {
      throw ApiError.of(
          UNAVAILABLE, "rebalancing", "partitions are moving between instances; try again");
    }
  }

  private static ApiError unknown(String id) {
    return ApiError.of(404, "session_not_found", "there is no session '" + id + "'");
  }

  private static ObjectNode describe(SessionSummary session) {
    ObjectNode page =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", session.id())
            .put("turns", session.turns())
            .put("tokens", session.tokens())
            .put("last_used_at", session.lastUsedAt().toString())
            .put("cache_tier", session.cacheTier())
            .put("device_tokens", session.deviceTokens());
    if (session.storedTokens() >= 0) {
      page.put("stored_tokens", session.storedTokens());
    }
    return page;
  }

  private static void answer(Context ctx, ObjectNode page) {
    ctx.contentType("application/json").result(page.toString());
  }
}
