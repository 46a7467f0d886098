package io.heterospec.topology.cli;

import io.heterospec.schemas.ChatMessage;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** A conversation by lines: what begins with a slash is a command, anything else a turn. */
final class Chat {
  private static final String HELP =
      """
      /reset  starts a new session
      /exit   leaves, as Ctrl-D does
      /help   says this
      Ctrl-C stops the answer that is being written.""";

  /** Where the lines come from. */
  interface Lines {
    /** The next line; null at the end. */
    String next();
  }

  /** Sends a turn and shows its answer. */
  interface Turns {
    /**
     * @return whether there was an answer
     */
    boolean run(String session, List<ChatMessage> messages) throws InterruptedException;
  }

  private final Lines lines;
  private final Turns turns;
  private final Supplier<String> sessions;
  private final String system;
  private final PrintWriter notes;
  private String session;
  private boolean fresh = true;

  /**
   * @param session that the first turn continues
   * @param sessions ids of new ones
   * @param system message ahead of a session's first turn; null for none
   * @param notes what is not part of an answer
   */
  Chat(
      Lines lines,
      Turns turns,
      String session,
      Supplier<String> sessions,
      String system,
      PrintWriter notes) {
    this.lines = lines;
    this.turns = turns;
    this.session = session;
    this.sessions = sessions;
    this.system = system;
    this.notes = notes;
  }

  /**
   * Runs until the lines end or one says so.
   *
   * @return whether every turn was answered
   */
  boolean run() throws InterruptedException {
    boolean answered = true;
    for (String line = lines.next(); line != null; line = lines.next()) {
      String text = line.strip();
      switch (text) {
        case "" -> {}
        case "/exit" -> {
          return answered;
        }
        case "/help" -> note(HELP);
        case "/reset" -> {
          session = sessions.get();
          fresh = true;
          note("Session " + session);
        }
        default -> {
          if (text.startsWith("/")) {
            note(text + " is no command; /help names them");
          } else {
            answered &= turn(text);
          }
        }
      }
    }
    return answered;
  }

  private boolean turn(String text) throws InterruptedException {
    List<ChatMessage> messages = new ArrayList<>();
    if (fresh && system != null) {
      messages.add(new ChatMessage("system", system));
    }
    messages.add(new ChatMessage("user", text));
    boolean answered = turns.run(session, messages);
    fresh &= !answered;
    return answered;
  }

  private void note(String text) {
    notes.println(text);
    notes.flush();
  }
}
