package io.heterospec.topology.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.terminal.TerminalBuilder.SystemOutput;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.jline.utils.Status;

/**
 * The last line of the terminal on stderr, kept free of the text that scrolls above it. Text and
 * status must come from one thread at a time.
 */
final class StatusLine {
  private final Status status;

  StatusLine(Terminal terminal) {
    status = Status.getStatus(terminal);
  }

  /**
   * The terminal that a person sits at, with stderr as its output, so that stdout can go elsewhere;
   * empty where there is none.
   *
   * @param signals whether its handlers of signals are used
   */
  static Optional<Terminal> terminal(boolean signals) {
    try {
      Terminal terminal =
          TerminalBuilder.builder()
              .system(true)
              .systemOutput(SystemOutput.SysErr)
              .nativeSignals(signals)
              .dumb(true)
              .build();
      if (!terminal.getType().startsWith(Terminal.TYPE_DUMB)) {
        return Optional.of(terminal);
      }
      terminal.close();
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("the terminal cannot be used", e);
    }
  }

  void show(String text) {
    status.update(List.of(new AttributedString(text, AttributedStyle.DEFAULT.faint())));
  }

  void erase() {
    status.update(List.of());
  }
}
