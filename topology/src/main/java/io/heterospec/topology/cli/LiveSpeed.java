package io.heterospec.topology.cli;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.StepTelemetry;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/**
 * How fast a generation decodes, and how many tokens a pass of the target gains: while it runs from
 * its cycles, at its end from its completion.
 */
final class LiveSpeed {
  private static final double MS_PER_SECOND = 1000;

  private int cycles;
  private int tokens;
  private int firstTokens;
  private Instant first;
  private Instant last;

  void add(StepTelemetry cycle) {
    if (cycles == 0) {
      first = cycle.getCreatedAt();
      firstTokens = cycle.getEmitted();
    }
    cycles++;
    tokens += cycle.getEmitted();
    last = cycle.getCreatedAt();
  }

  /** Of the tokens after the first cycle's, whose time also holds the prompt's; NaN before. */
  double tokensPerSecond() {
    double ms = cycles == 0 ? 0 : Duration.between(first, last).toMillis();
    return ms == 0 ? Double.NaN : (tokens - firstTokens) * MS_PER_SECOND / ms;
  }

  /** Tokens gained per cycle; NaN before the first. */
  double meanAcceptanceLength() {
    return cycles == 0 ? Double.NaN : (double) tokens / cycles;
  }

  @Override
  public String toString() {
    return "%d tokens, %s tokens/s, acceptance %s"
        .formatted(tokens, number(tokensPerSecond(), 1), number(meanAcceptanceLength(), 2));
  }

  /**
   * How fast a generation decoded that has ended, or a dash: of the tokens after the first, with
   * which its prompt's pass ends before decoding begins.
   */
  static String tokensPerSecond(Completion end) {
    double seconds = end.getTimings().getDecodeMs() / MS_PER_SECOND;
    int tokens = end.getUsage().getCompletionTokens() - 1;
    return number(tokens > 0 && seconds > 0 ? tokens / seconds : Double.NaN, 1);
  }

  /** One line on a generation that has ended. */
  static String summary(Completion end) {
    String acceptance =
        end.getSpeculation() == null
            ? ""
            : ", acceptance " + number(end.getSpeculation().getMeanAcceptanceLength(), 2);
    return "%d tokens in %s s, %s tokens/s%s, ended by %s"
        .formatted(
            end.getUsage().getCompletionTokens(),
            number(end.getTimings().getDecodeMs() / MS_PER_SECOND, 1),
            tokensPerSecond(end),
            acceptance,
            end.getFinishReason().name().toLowerCase(Locale.ROOT));
  }

  private static String number(double value, int decimals) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%." + decimals + "f", value);
  }
}
