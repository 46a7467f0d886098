package io.heterospec.topology.cli;

import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.VanillaPolicy;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** A benchmark's tables for people. */
final class BenchPrinter {
  private final PrintWriter out;
  private final BenchTable table;

  BenchPrinter(PrintWriter out, BenchTable table) {
    this.out = out;
    this.table = table;
  }

  void print() {
    rows();
    acceptance();
    if (table.modes().size() > 1) {
      speedUps();
    }
    summary();
    out.flush();
  }

  // Above the lowest concurrency the categories run mixed: their rows are in the JSON.
  private void rows() {
    line(
        "%-12s %4s %-11s %7s %8s %6s %7s %8s %8s %8s %8s %8s  %s",
        "category",
        "conc",
        "mode",
        "tokens",
        "tokens/s",
        "accept",
        "calls",
        "verified",
        "1st ms",
        "p50 ms",
        "p99 ms",
        "p99 tpot",
        "same as vanilla");
    for (BenchRow row : table.rows()) {
      if (row.isAll() || row.concurrency() == table.lowestConcurrency()) {
        line(
            "%-12s %4d %-11s %7.0f %8.1f %6.2f %7.0f %8.0f %8.1f %8.2f %8.2f %8.2f  %s",
            row.category(),
            row.concurrency(),
            row.mode(),
            row.median(BenchRun::outputTokens),
            row.tokensPerSecond(),
            row.median(BenchRun::meanAcceptanceLength),
            row.median(BenchRun::targetCalls),
            row.median(BenchRun::verifiedTokens),
            row.median(run -> run.msToFirstToken(0.5)),
            row.median(run -> run.msPerToken(0.5)),
            row.median(run -> run.msPerToken(0.99)),
            row.median(run -> run.msPerOutputToken(0.99)),
            same(row));
      }
    }
    int repetitions = table.rows().get(0).repetitions().size();
    if (repetitions > 1) {
      line("Each figure is the median of %d repetitions.", repetitions);
    }
  }

  private static String same(BenchRow row) {
    if (row.vanilla() == null) {
      return "-";
    }
    return row.differing() == 0
        ? "yes"
        : "no, %d of %d differ".formatted(row.differing(), row.generations());
  }

  private void acceptance() {
    List<String> drafting =
        table.modes().stream().filter(mode -> !mode.equals(VanillaPolicy.NAME)).toList();
    if (drafting.isEmpty()) {
      return;
    }
    int concurrency = table.lowestConcurrency();
    line("%nCycles that accept at least d draft tokens, at concurrency %d", concurrency);
    StringBuilder header = new StringBuilder("%-11s".formatted("mode"));
    for (int depth = 1; depth <= BenchRun.DEPTHS; depth++) {
      header.append("%7s".formatted("d=" + depth));
    }
    line("%s", header);
    for (String mode : drafting) {
      BenchRow row = table.row(mode, concurrency, Bench.ALL).orElseThrow();
      StringBuilder cells = new StringBuilder("%-11s".formatted(mode));
      for (int depth = 1; depth <= BenchRun.DEPTHS; depth++) {
        cells.append(format("%6.1f%%", 100 * row.acceptedAtLeast(depth)));
      }
      line("%s", cells);
    }
  }

  private void speedUps() {
    int concurrency = table.lowestConcurrency();
    int categories = table.categories().size();
    line(
        "%nSpeed-up at concurrency %d, mean of %d %s",
        concurrency, categories, categories == 1 ? "category" : "categories");
    line("%-11s %10s %10s", "mode", "× vanilla", "× eagle3");
    for (String mode : table.modes()) {
      line(
          "%-11s %10s %10s",
          mode,
          factor(table.meanSpeedUp(mode, VanillaPolicy.NAME, concurrency)),
          factor(table.meanSpeedUp(mode, Eagle3Policy.NAME, concurrency)));
    }
  }

  private void summary() {
    line("%nTokens/s by concurrency (× vanilla)");
    StringBuilder header = new StringBuilder("%-11s".formatted("mode"));
    for (int concurrency : table.concurrencies()) {
      header.append("%17d".formatted(concurrency));
    }
    line("%s", header);
    for (String mode : table.modes()) {
      StringBuilder cells = new StringBuilder("%-11s".formatted(mode));
      for (int concurrency : table.concurrencies()) {
        BenchRow row = table.row(mode, concurrency, Bench.ALL).orElseThrow();
        String times = factor(table.speedUp(mode, VanillaPolicy.NAME, concurrency, Bench.ALL));
        cells.append(format("%9.1f (%5s)", row.tokensPerSecond(), times));
      }
      line("%s", cells);
    }
  }

  private static String factor(OptionalDouble value) {
    return value.isPresent() ? format("%.2f", value.getAsDouble()) : "-";
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private void line(String format, Object... values) {
    out.println(format(format, values));
  }
}
