package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.topology.DemoPair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** The program in a process of its own, so that it can be killed. */
final class Program implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(90);

  private final Process process;
  private final Path log;

  private Program(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Starts a command; its output goes to a file in {@code directory}. */
  static Program start(Path directory, String... arguments) throws IOException {
    Path log = Files.createTempFile(directory, "program", ".log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-Dheterospec.home=" + DemoPair.home(), "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(HeteroSpec.class.getName());
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    return new Program(process, log);
  }

  /** Waits until the output contains a text. */
  Program awaitOutput(String text) {
    Awaitility.await()
        .atMost(LIMIT)
        .until(
            () -> {
              assertThat(process.isAlive()).as(output()).isTrue();
              return output().contains(text);
            });
    return this;
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  /** As {@code kill -9}. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** As Ctrl-C or a service manager's stop. */
  void stop() throws InterruptedException {
    process.destroy();
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
