package io.heterospec.topology.cli;

import io.heterospec.topology.client.HeteroSpecClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A conversation at a terminal, or of the lines of a file. */
@Command(
    name = "chat",
    mixinStandardHelpOptions = true,
    description = {
      "Talks with a running application in one session, and shows how fast it answers.",
      "Ctrl-C stops an answer, Ctrl-D leaves. Where stdin is no terminal, each line is a turn."
    },
    footer = {
      "",
      "Examples:",
      "  heterospec chat",
      "  heterospec chat --session s1 --system 'Answer in one sentence.'",
      "  heterospec chat --bootstrap-servers kafka:9092 < questions.txt"
    })
final class ChatCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin PromptOptions options;

  @Option(
      names = "--session",
      paramLabel = "ID",
      description = "Continue this session. Default: a new one.")
  String session;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "Message of the system ahead of the first turn.")
  String system;

  @Override
  public Integer call() throws InterruptedException, IOException {
    var unused = options.prompt(""); // refuses options out of range before anything is opened
    Optional<Terminal> terminal = StatusLine.terminal(true);
    try (HeteroSpecClient client = options.open(terminal.isPresent())) {
      if (terminal.isPresent()) {
        atTerminal(client, terminal.get());
        return 0;
      }
      PrintWriter err = spec.commandLine().getErr();
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
      Chat.Turns turns =
          new ChatTurns(client, options, spec.commandLine().getOut(), err, Optional.empty());
      return chat(() -> readLine(in), turns, firstSession(), err).run() ? 0 : HeteroSpec.FAILED;
    } finally {
      if (terminal.isPresent()) {
        terminal.get().close();
      }
    }
  }

  private void atTerminal(HeteroSpecClient client, Terminal terminal) throws InterruptedException {
    PrintWriter notes = terminal.writer();
    LineReader reader = LineReaderBuilder.builder().terminal(terminal).build();
    ChatTurns turns =
        new ChatTurns(
            client,
            options,
            spec.commandLine().getOut(),
            notes,
            Optional.of(new StatusLine(terminal)));
    terminal.handle(Terminal.Signal.INT, signal -> turns.interrupt());
    String first = firstSession();
    notes.println("Session " + first);
    notes.println("Ctrl-C stops an answer, Ctrl-D leaves, /help says more.");
    chat(() -> readLine(reader), turns, first, notes).run();
  }

  private Chat chat(Chat.Lines lines, Chat.Turns turns, String first, PrintWriter notes) {
    return new Chat(lines, turns, first, ChatCommand::newSession, system, notes);
  }

  private String firstSession() {
    return session == null ? newSession() : session;
  }

  private static String newSession() {
    return "chat-" + UUID.randomUUID();
  }

  private static String readLine(BufferedReader in) {
    try {
      return in.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException("stdin cannot be read", e);
    }
  }

  // Ctrl-C at the prompt drops the line that was begun.
  private static String readLine(LineReader reader) {
    try {
      return reader.readLine("> ");
    } catch (UserInterruptException e) {
      return "";
    } catch (EndOfFileException e) {
      return null;
    }
  }
}
