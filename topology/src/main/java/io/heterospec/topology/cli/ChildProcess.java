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

  private static final Duration COLLECTION_LIMIT = Duration.ofSeconds(10);

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
    command.add("-Xlog:gc:file=" + collectorLog(log));
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

  long pid() {
    return process.pid();
  }

  /** Where its garbage collector says what it did. */
  Path collectorLog() {
    return collectorLog(log);
  }

  private static Path collectorLog(Path log) {
    return log.resolveSibling(log.getFileName() + ".gc");
  }

  /** Has its garbage collected, where this Java has the program that asks for it. */
  void collectGarbage() throws InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    if (!Files.isExecutable(jcmd)) {
      return;
    }
    try {
      Process asking =
          new ProcessBuilder(jcmd.toString(), Long.toString(pid()), "GC.run")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      asking.waitFor(COLLECTION_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (IOException e) {
      throw new IllegalStateException("'jcmd' cannot be run: " + e.getMessage(), e);
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
