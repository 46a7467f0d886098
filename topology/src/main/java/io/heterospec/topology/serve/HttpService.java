package io.heterospec.topology.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.topology.HeteroSpecApplication;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.Role;
import io.heterospec.topology.gateway.Gateway;
import io.heterospec.topology.route.PromptRules;
import io.heterospec.topology.serve.dashboard.DashboardEndpoints;
import io.heterospec.topology.serve.dashboard.EventFeed;
import io.heterospec.topology.serve.openai.CompletionEndpoints;
import io.heterospec.topology.serve.openai.ModelEndpoints;
import io.heterospec.topology.serve.openai.PromptCalls;
import io.heterospec.topology.serve.openai.ResponseEndpoints;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.state.HostInfo;

/** What a process serves by HTTP: its health, and with the gateway's role OpenAI's API. */
public final class HttpService implements AutoCloseable {
  private final HeteroSpecApplication application;
  private final DecodeEngine engine;
  private final Gateway gateway;
  private final EventFeed feed; // null like the gateway
  private final WebServer server;
  private final long startNanos = System.nanoTime();

  /**
   * @param engine null where no role processes
   */
  private HttpService(
      HeteroSpecConfig config,
      WebSettings settings,
      HeteroSpecApplication application,
      DecodeEngine engine) {
    this.application = application;
    this.engine = engine;
    boolean serves = application.states().containsKey(Role.GATEWAY);
    gateway =
        serves
            ? Gateway.open(config, application.responses(), application.telemetry().traces())
            : null;
    boolean started = false;
    EventFeed opened = null;
    try {
      opened = serves ? EventFeed.open(config) : null;
      feed = opened;
      server = WebServer.start(settings, endpoints(config, settings));
      started = true;
    } finally {
      if (!started && opened != null) {
        opened.close();
      }
      if (!started && gateway != null) {
        gateway.close();
      }
    }
  }

  /**
   * Starts to serve.
   *
   * @param port instead of the configured one; null for that
   * @param engine null where no role processes
   */
  public static HttpService start(
      HeteroSpecConfig config,
      Integer port,
      HeteroSpecApplication application,
      DecodeEngine engine) {
    WebSettings settings = WebSettings.of(config);
    return new HttpService(
        config, port == null ? settings : settings.withPort(port), application, engine);
  }

  private List<Endpoints> endpoints(HeteroSpecConfig config, WebSettings settings) {
    Map<String, BooleanSupplier> live = new HashMap<>();
    Map<String, BooleanSupplier> ready = new HashMap<>();
    live.put("streams", application::healthy);
    ready.put("streams", application::ready);
    if (engine != null) {
      live.put("engine", engine::healthy);
      ready.put("engine", engine::healthy);
    }
    if (gateway != null) {
      live.put("gateway", gateway::healthy);
      ready.put("gateway", gateway::healthy);
      ready.put("events", feed::healthy);
    }
    List<Endpoints> parts = new ArrayList<>();
    parts.add(new HealthEndpoints(live, ready, this::describe));
    parts.add(new MetricsEndpoints(application.telemetry()));
    application
        .sessions()
        .ifPresent(
            sessions -> parts.add(new SessionEndpoints(sessions, advertised(config), settings)));
    if (gateway != null) {
      PromptRules rules = new PromptRules(config.getInt(HeteroSpecConfig.MAX_PROMPT_BYTES));
      parts.add(new ModelEndpoints(gateway.models()));
      PromptCalls calls = new PromptCalls(gateway, settings, rules);
      parts.add(new TracedCalls(application.telemetry().traces()));
      parts.add(new CompletionEndpoints(calls));
      parts.add(new ResponseEndpoints(calls));
      parts.add(new DashboardEndpoints(feed, settings));
    }
    return parts;
  }

  private static Optional<HostInfo> advertised(HeteroSpecConfig config) {
    return Optional.ofNullable(
        HostInfo.buildFromEndpoint(
            config.processorProperties().getProperty(StreamsConfig.APPLICATION_SERVER_CONFIG)));
  }

  private void describe(ObjectNode page) {
    page.put("uptime_seconds", Duration.ofNanos(System.nanoTime() - startNanos).toSeconds());
    ObjectNode roles = page.putObject("roles");
    application
        .states()
        .forEach((role, state) -> roles.put(role.name().toLowerCase(Locale.ROOT), state.name()));
    if (engine != null) {
      page.putObject("engine")
          .put("model", engine.model().name())
          .put("context_length", engine.model().contextLength())
          .put("healthy", engine.healthy())
          .put("generations", engine.load());
    }
    if (gateway != null) {
      page.putObject("gateway")
          .put("open_requests", gateway.generations().open())
          .put("max_open_requests", gateway.generations().bound());
    }
  }

  /** The address, {@code http://host:port}. */
  public String url() {
    return server.url();
  }

  /** The gateway first: what its clients wait for is cancelled, and they are told. */
  @Override
  public void close() {
    if (gateway != null) {
      feed.close();
      gateway.close();
    }
    server.close();
  }
}
