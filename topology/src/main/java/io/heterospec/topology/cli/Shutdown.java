package io.heterospec.topology.cli;

import io.heterospec.topology.HeteroSpecApplication;
import java.io.PrintWriter;

/** How a command that runs until a signal ends. */
final class Shutdown {
  private Shutdown() {}

  /** Closes what runs when the process is asked to stop (Ctrl-C, SIGTERM). */
  static void onSignal(StopOnce running, PrintWriter err) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (running.isClosed()) {
                    return; // the command ended by itself
                  }
                  try {
                    running.close();
                    err.println("Stopped.");
                  } catch (Exception e) {
                    err.println("Stopped, but not cleanly: " + e.getMessage());
                  }
                  err.flush();
                },
                "shutdown"));
  }

  /** The exit code of an application that ended. */
  static int result(HeteroSpecApplication application) {
    application
        .failure()
        .ifPresent(
            cause -> {
              throw new IllegalStateException(
                  "the application failed: " + cause.getMessage(), cause);
            });
    return 0;
  }
}
