package io.heterospec.topology.cli;

import io.heterospec.schemas.Completion;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Shows the answers as they stream. Requests run side by side, so that one is shown live and the
 * others wait for their turn with what they already have.
 */
final class DemoPrinter {
  private static final int BAR_WIDTH = 40;

  private final PrintWriter out;
  private final Map<String, String> prompts;
  private final List<String> order;
  private int current;
  private int shown;

  /**
   * @param prompts text of each request id, in the order of the show
   */
  DemoPrinter(PrintWriter out, Map<String, String> prompts) {
    this.out = out;
    this.prompts = prompts;
    this.order = new ArrayList<>(prompts.keySet());
  }

  /** Prints what is new. */
  void update(DemoReport report) {
    while (current < order.size()) {
      String id = order.get(current);
      DemoReport.Request request = report.requests().get(id);
      if (shown == 0 && request.text.length() == 0 && request.completions.isEmpty()) {
        return;
      }
      if (shown == 0) {
        out.printf("%n── %s ── %s%n", id, prompts.get(id));
      }
      out.print(request.text.substring(shown));
      out.flush();
      shown = request.text.length();
      if (request.completions.isEmpty()) {
        return;
      }
      end(request.completion());
      current++;
      shown = 0;
    }
  }

  private void end(Completion completion) {
    out.println();
    if (completion.getError() != null) {
      out.printf(
          "[failed: %s %s]%n", completion.getError().getCode(), completion.getError().getMessage());
    }
    out.flush();
  }

  /** The table and the histogram at the end. */
  void summary(DemoReport report, DeltaTimes times, double seconds) {
    out.printf(
        "%n%-10s %8s %10s %8s %12s  %s%n",
        "request", "tokens", "tokens/s", "calls", "acceptance", "ended by");
    report.requests().forEach((id, request) -> row(id, request.completion()));
    out.printf(
        Locale.ROOT,
        "%-10s %8d %10.1f %8d %12.2f  in %.1f s, side by side%n",
        "all",
        report.outputTokens(),
        report.outputTokens() / seconds,
        report.targetCalls(),
        report.meanAcceptanceLength(),
        seconds);
    out.printf(
        Locale.ROOT,
        "%nFirst token %.0f ms after publishing (median; 99%% within %.0f ms), then %.1f ms a token%n",
        times.msToFirstToken(0.5),
        times.msToFirstToken(0.99),
        times.msPerToken(0.5));
    histogram(report);
  }

  private void row(String id, Completion completion) {
    int tokens = completion.getUsage().getCompletionTokens();
    int calls =
        completion.getSpeculation() == null ? 0 : completion.getSpeculation().getTargetCalls();
    out.printf(
        Locale.ROOT,
        "%-10s %8d %10s %8d %12.2f  %s%n",
        id,
        tokens,
        LiveSpeed.tokensPerSecond(completion),
        calls,
        calls == 0 ? 0 : (double) tokens / calls,
        completion.getFinishReason().name().toLowerCase(Locale.ROOT));
  }

  private void histogram(DemoReport report) {
    long[] bins = report.binCycles();
    long most = 1;
    for (long count : bins) {
      most = Math.max(most, count);
    }
    out.printf("%nCycles by entropy bin (B0 the most predictable; B0 to B2 draft deeper):%n");
    for (int i = 0; i < bins.length; i++) {
      String bar = "█".repeat((int) Math.ceil((double) bins[i] * BAR_WIDTH / most));
      out.printf("  B%d %5d %s%n", i, bins[i], bar);
    }
    if (report.otherCycles() > 0) {
      out.printf(
          "  %d cycles drafted nothing, or too little to be binned.%n", report.otherCycles());
    }
    out.flush();
  }
}
