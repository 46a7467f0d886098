package io.heterospec.topology.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command of this program in a process of its own, to which faults can happen. */
final class ChildProcess implements AutoCloseable {
  private static final Duration STOP_LIMIT = Duration.ofSeconds(40);

  private final Process process;
  private final Path log;

  private ChildProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts a command.
   *
   * @param log file to which its output is appended
   */
  static ChildProcess start(Path log, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.add("-Dheterospec.home=" + System.getProperty("heterospec.home", "."));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(HeteroSpec.class.getName());
    command.addAll(arguments);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      return new ChildProcess(process, log);
    } catch (IOException e) {
      throw new IllegalStateException("a process could not be started: " + e.getMessage(), e);
    }
  }

  /**
   * Waits until a line of output holds a text that was not there before.
   *
   * @throws IllegalStateException when the process ends before, or it takes too long
   */
  void awaitOutput(String text, Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (!output().contains(text)) {
      if (process.waitFor(100, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
        throw new IllegalStateException("a process did not start; its output is in " + log);
      }
    }
  }

  private String output() {
    try {
      return Files.exists(log) ? Files.readString(log) : "";
    } catch (IOException e) {
      throw new IllegalStateException(log + " cannot be read: " + e.getMessage(), e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** As {@code kill -9}. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /**
   * As a service manager's stop (SIGTERM).
   *
   * @return false when the process had to be killed after all
   */
  boolean terminate() throws InterruptedException {
    process.destroy();
    if (process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      return true;
    }
    kill();
    return false;
  }

  /** Holds the process as if its machine hung (SIGSTOP). */
  void pause() throws InterruptedException {
    signal("STOP");
  }

  /** Lets a held process go on (SIGCONT). */
  void resume() throws InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws InterruptedException {
    try {
      Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
      if (kill.waitFor() != 0 && process.isAlive()) {
        throw new IllegalStateException("a process could not be sent SIG" + name);
      }
    } catch (IOException e) {
      throw new IllegalStateException("signals need the program 'kill': " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
