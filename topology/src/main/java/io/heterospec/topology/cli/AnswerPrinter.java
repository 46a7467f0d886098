package io.heterospec.topology.cli;

import io.heterospec.schemas.StepTelemetry;
import io.heterospec.topology.client.AnswerListener;
import java.io.PrintWriter;
import java.util.Optional;

/** Prints an answer as it comes, with its speed on the status line where there is one. */
final class AnswerPrinter implements AnswerListener {
  private final PrintWriter out;
  private final Optional<StatusLine> status;
  private final LiveSpeed speed = new LiveSpeed();

  AnswerPrinter(PrintWriter out, Optional<StatusLine> status) {
    this.out = out;
    this.status = status;
    // Before the first text: the line is made where the cursor is, and clears that.
    status.ifPresent(line -> line.show("waiting"));
  }

  @Override
  public void onText(String text) {
    out.print(text);
    out.flush();
  }

  @Override
  public void onCycle(StepTelemetry cycle) {
    speed.add(cycle);
    status.ifPresent(line -> line.show(speed.toString()));
  }
}
