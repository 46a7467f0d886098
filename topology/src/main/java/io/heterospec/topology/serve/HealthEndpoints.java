package io.heterospec.topology.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What supervisors and people ask of a process: {@code /health/live} (restart it when this fails),
 * {@code /health/ready} (send it work while this succeeds) and {@code /status}, all JSON. {@code
 * /health} is the former name of the first. A check that fails makes it 503.
 */
public final class HealthEndpoints implements Endpoints {
  private static final int UNAVAILABLE = 503;

  private final Map<String, BooleanSupplier> live;
  private final Map<String, BooleanSupplier> ready;
  private final Consumer<ObjectNode> status;

  /**
   * @param live name of each part that must work, and whether it does
   * @param ready likewise for what it needs to take work
   * @param status fills the status page
   */
  public HealthEndpoints(
      Map<String, BooleanSupplier> live,
      Map<String, BooleanSupplier> ready,
      Consumer<ObjectNode> status) {
    this.live = new TreeMap<>(live);
    this.ready = new TreeMap<>(ready);
    this.status = status;
  }

  @Override
  public void addTo(Javalin http) {
    http.get("/health", ctx -> answer(ctx, live));
    http.get("/health/live", ctx -> answer(ctx, live));
    http.get("/health/ready", ctx -> answer(ctx, ready));
    http.get("/status", this::status);
  }

  private static void answer(Context ctx, Map<String, BooleanSupplier> checks) {
    ObjectNode parts = JsonNodeFactory.instance.objectNode();
    boolean up = true;
    for (Map.Entry<String, BooleanSupplier> check : checks.entrySet()) {
      boolean works = check.getValue().getAsBoolean();
      parts.put(check.getKey(), works ? "UP" : "DOWN");
      up &= works;
    }
    parts.put("status", up ? "UP" : "DOWN");
    ctx.status(up ? 200 : UNAVAILABLE).contentType("application/json").result(parts.toString());
  }

  private void status(Context ctx) {
    ObjectNode page = JsonNodeFactory.instance.objectNode();
    page.put("live", all(live)).put("ready", all(ready));
    status.accept(page);
    ctx.contentType("application/json").result(page.toPrettyString());
  }

  private static boolean all(Map<String, BooleanSupplier> checks) {
    return checks.values().stream().allMatch(BooleanSupplier::getAsBoolean);
  }
}
