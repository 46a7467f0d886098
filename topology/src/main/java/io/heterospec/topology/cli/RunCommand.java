package io.heterospec.topology.cli;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.EnginePool;
import io.heterospec.topology.HeteroSpecApplication;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.Role;
import io.heterospec.topology.serve.HttpService;
import io.heterospec.topology.serve.WebSettings;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One process of a production set-up. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = "Runs one role on your own cluster until it is asked to stop.",
    footer = {
      "",
      "Examples:",
      "  heterospec run --role router --config router.properties",
      "  heterospec run --role processor --pool large --device gpu:0 --config gpu.yaml",
      "  heterospec run --role gateway --config gateway.properties"
    })
final class RunCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions models;

  @Option(
      names = "--role",
      required = true,
      paramLabel = "router|processor|gateway|all",
      description = "What this process does.")
  String role;

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "Settings, as .properties or .yaml; README.md lists the keys.")
  Path file;

  @Option(names = "--pool", paramLabel = "NAME", description = "Overrides heterospec.pool.")
  String pool;

  @Option(names = "--mode", description = ModelOptions.SERVED_MODE)
  String mode;

  @Option(
      names = "--replica",
      paramLabel = "DEVICE",
      description =
          "A further device, with weights of its own, that shares the work. Can be repeated.")
  List<String> replicas = List.of();

  @Option(
      names = "--http-port",
      paramLabel = "N",
      description =
          "Overrides heterospec.http.port. Without either, only a gateway serves HTTP; the other"
              + " roles serve /health and /status.")
  Integer httpPort;

  @Override
  public Integer call() throws Exception {
    Set<Role> roles = Role.parse(role);
    HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings());
    WebSettings.of(config); // refused before anything is loaded
    EngineOptions options = models.served(mode);
    if (models.model == null || config.originals().containsKey(HeteroSpecConfig.MODEL_NAME)) {
      options = options.withName(config.getString(HeteroSpecConfig.MODEL_NAME));
    }
    Parts parts = new Parts();
    try (StopOnce stop = new StopOnce(parts)) {
      DecodeEngine engine = roles.contains(Role.PROCESSOR) ? parts.keep(open(options)) : null;
      HeteroSpecApplication application =
          parts.keep(HeteroSpecApplication.create(config, engine, roles));
      PrintWriter err = spec.commandLine().getErr();
      if (servesHttp(roles, config)) {
        HttpService http = parts.keep(HttpService.start(config, null, application, engine));
        err.printf("HTTP is served at %s%n", http.url());
      }
      Shutdown.onSignal(stop, err);
      application.start();
      err.printf("Role %s is starting.%n", role);
      application.awaitShutdown();
      return Shutdown.result(application);
    }
  }

  private DecodeEngine open(EngineOptions options) {
    List<EngineOptions> each = new ArrayList<>(List.of(options));
    replicas.forEach(device -> each.add(options.withDevice(device)));
    return EnginePool.open(each, LoadBar::open);
  }

  private boolean servesHttp(Set<Role> roles, HeteroSpecConfig config) {
    return roles.contains(Role.GATEWAY)
        || config.originals().containsKey(HeteroSpecConfig.HTTP_PORT);
  }

  private Map<String, Object> settings() {
    Map<String, Object> settings = SettingsFile.read(file);
    SettingsFile.requireBrokers(settings, file);
    if (pool != null) {
      settings.put(HeteroSpecConfig.POOL, pool);
    }
    if (httpPort != null) {
      settings.put(HeteroSpecConfig.HTTP_PORT, httpPort);
    }
    return settings;
  }
}
