package io.heterospec.topology.cli;

import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.client.Answer;
import io.heterospec.topology.client.HeteroSpecClient;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/** The turns of a conversation with a running cluster. {@link #interrupt} is for any thread. */
final class ChatTurns implements Chat.Turns {
  private final HeteroSpecClient client;
  private final PromptOptions options;
  private final PrintWriter out;
  private final PrintWriter notes;
  private final Optional<StatusLine> status;
  private Answer running; // null between turns
  private CompletableFuture<Completion> end;
  private boolean interrupted;

  ChatTurns(
      HeteroSpecClient client,
      PromptOptions options,
      PrintWriter out,
      PrintWriter notes,
      Optional<StatusLine> status) {
    this.client = client;
    this.options = options;
    this.out = out;
    this.notes = notes;
    this.status = status;
  }

  @Override
  public boolean run(String session, List<ChatMessage> messages) throws InterruptedException {
    PromptEvent prompt =
        options.prompt("").setSessionId(session).setMessages(List.copyOf(messages)).build();
    Answer answer = client.send(prompt, new AnswerPrinter(out, status));
    CompletableFuture<Completion> completion = answer.completion();
    begin(answer, completion);
    try {
      return ended(options.await(answer, completion));
    } catch (CancellationException e) {
      note("Not waited for any more.");
      return false;
    } finally {
      begin(null, null);
    }
  }

  private synchronized void begin(Answer answer, CompletableFuture<Completion> completion) {
    running = answer;
    end = completion;
    interrupted = false;
  }

  /** Cancels the turn that is running, if one is; the second time it is not waited for either. */
  synchronized void interrupt() {
    if (running == null) {
      return;
    }
    if (interrupted) {
      end.cancel(false);
      return;
    }
    interrupted = true;
    running
        .cancel()
        .whenComplete(
            (sent, failure) -> {
              if (failure != null) {
                note("The answer could not be cancelled: " + failure.getMessage());
              }
            });
  }

  private boolean ended(Completion completion) {
    status.ifPresent(StatusLine::erase);
    out.println();
    out.flush();
    if (completion.getError() != null) {
      note(completion.getError().getCode() + ": " + completion.getError().getMessage());
      return false;
    }
    if (status.isPresent()) {
      note(LiveSpeed.summary(completion));
    }
    return true;
  }

  private void note(String text) {
    notes.println(text);
    notes.flush();
  }
}
