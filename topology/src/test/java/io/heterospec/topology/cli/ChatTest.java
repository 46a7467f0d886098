package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChatTest {
  private final List<String> turns = new ArrayList<>();
  private final StringWriter notes = new StringWriter();
  private boolean answers = true;

  // Each turn as "session: role text, role text".
  private boolean chat(String system, String... lines) throws InterruptedException {
    Iterator<String> next = List.of(lines).iterator();
    Iterator<String> sessions = List.of("second", "third").iterator();
    return new Chat(
            () -> next.hasNext() ? next.next() : null,
            (session, messages) -> {
              turns.add(
                  session
                      + ": "
                      + String.join(
                          ", ",
                          messages.stream().map(m -> m.getRole() + ' ' + m.getContent()).toList()));
              return answers;
            },
            "first",
            sessions::next,
            system,
            new PrintWriter(notes))
        .run();
  }

  @Test
  void everyLineIsATurnOfOneSession() throws InterruptedException {
    assertThat(chat(null, "Hello", "", "  And now?  ")).isTrue();
    assertThat(turns).containsExactly("first: user Hello", "first: user And now?");
    assertThat(notes.toString()).isEmpty();
  }

  @Test
  void resetStartsANewSessionWithTheSystemsMessageAgain() throws InterruptedException {
    chat("Be brief.", "Hello", "And now?", "/reset", "Hello again");
    assertThat(turns)
        .containsExactly(
            "first: system Be brief., user Hello",
            "first: user And now?",
            "second: system Be brief., user Hello again");
    assertThat(notes.toString()).contains("Session second");
  }

  @Test
  void aTurnThatFailedIsToldAtTheEndAndItsSystemMessageIsSentAgain() throws InterruptedException {
    answers = false;
    assertThat(chat("Be brief.", "Hello", "Hello?")).isFalse();
    assertThat(turns)
        .containsExactly(
            "first: system Be brief., user Hello", "first: system Be brief., user Hello?");
  }

  @Test
  void exitLeavesAndWhatIsNoCommandIsNotSent() throws InterruptedException {
    assertThat(chat(null, "/help", "/frob", "/exit", "Hello")).isTrue();
    assertThat(turns).isEmpty();
    assertThat(notes.toString()).contains("/reset", "/frob is no command");
  }
}
