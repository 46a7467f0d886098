package io.heterospec.topology.cli;

import io.heterospec.topology.embedded.EmbeddedBroker;
import io.heterospec.topology.embedded.SchemaRegistryServer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The embedded servers alone, each until it is asked to stop: parts of a cluster of processes. */
final class ServerCommands {
  static final String READY = "Ready.";

  private ServerCommands() {}

  @Command(
      name = "broker",
      hidden = true,
      mixinStandardHelpOptions = true,
      description = "Runs the embedded broker alone.",
      footer = {"", "Examples:", "  heterospec broker --data-dir data --port 9092"})
  static final class Broker implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "--data-dir", required = true, description = "Where topics are kept.")
    Path data;

    @Option(names = "--port", required = true, description = "On the loopback interface.")
    int port;

    @Override
    public Integer call() throws Exception {
      return serve(EmbeddedBroker.start(data, port, Map.of()), spec);
    }
  }

  @Command(
      name = "registry",
      hidden = true,
      mixinStandardHelpOptions = true,
      description = "Runs the development schema registry alone.",
      footer = {
        "",
        "Examples:",
        "  heterospec registry --bootstrap-servers 127.0.0.1:9092 --port 8081"
      })
  static final class Registry implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "--bootstrap-servers", required = true, description = "Where schemas are kept.")
    String bootstrapServers;

    @Option(names = "--port", required = true, description = "On the loopback interface.")
    int port;

    @Override
    public Integer call() throws Exception {
      return serve(SchemaRegistryServer.start(bootstrapServers, port), spec);
    }
  }

  private static int serve(AutoCloseable server, CommandSpec spec) throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    try (StopOnce stop =
        new StopOnce(
            () -> {
              server.close();
              ended.countDown();
            })) {
      Shutdown.onSignal(stop, spec.commandLine().getErr());
      PrintWriter out = spec.commandLine().getOut();
      out.println(READY);
      out.flush();
      ended.await();
      return 0;
    }
  }
}
