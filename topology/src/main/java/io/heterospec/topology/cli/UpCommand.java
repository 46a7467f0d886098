package io.heterospec.topology.cli;

import io.heterospec.topology.Role;
import io.heterospec.topology.serve.HttpService;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The whole application on this machine, until Ctrl-C. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = {
      "Runs broker, registry, engine, topology and gateway on this machine until Ctrl-C. The data directory"
          + " survives restarts: what was pending is finished by the next start."
    },
    footer = {"", "Examples:", "  heterospec up", "  heterospec up --data-dir /var/lib/heterospec"})
final class UpCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions models;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description = "Where topics, schemas and state are kept. Default: data beside the program.")
  Path data;

  @Option(names = "--mode", description = ModelOptions.SERVED_MODE)
  String mode;

  @Option(
      names = "--broker-port",
      defaultValue = "9092",
      description = "Default: ${DEFAULT-VALUE}.")
  int brokerPort;

  @Option(
      names = "--registry-port",
      defaultValue = "8081",
      description = "Default: ${DEFAULT-VALUE}.")
  int registryPort;

  @Option(names = "--http-port", defaultValue = "8080", description = "Default: ${DEFAULT-VALUE}.")
  int httpPort;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Path directory =
        data == null ? Path.of(System.getProperty("heterospec.home", "."), "data") : data;
    Parts parts = new Parts();
    try (StopOnce stop = new StopOnce(parts)) {
      LocalCluster cluster =
          parts.keep(
              LocalCluster.start(
                  directory,
                  brokerPort,
                  registryPort,
                  models.served(mode),
                  EnumSet.allOf(Role.class)));
      HttpService http =
          parts.keep(
              HttpService.start(
                  cluster.config(), httpPort, cluster.application(), cluster.engine()));
      Shutdown.onSignal(stop, spec.commandLine().getErr());
      out.printf("Kafka            %s%n", cluster.bootstrapServers());
      out.printf("Schema registry  %s%n", cluster.registryUrl());
      out.printf("OpenAI API       %s/v1%n", http.url());
      out.printf("Dashboard        %s/%n", http.url());
      out.printf("Health           %s/health%n", http.url());
      out.printf("Data directory   %s%n", directory.toAbsolutePath().normalize());
      out.println("Ready. Ask with: heterospec ask 'your question'    Stop with Ctrl-C.");
      out.flush();
      cluster.application().awaitShutdown();
      return Shutdown.result(cluster.application());
    }
  }
}
