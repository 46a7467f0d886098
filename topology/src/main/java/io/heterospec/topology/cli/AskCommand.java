package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.client.Answer;
import io.heterospec.topology.client.AnswerListener;
import io.heterospec.topology.client.HeteroSpecClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jline.terminal.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** One prompt event and its answer. */
@Command(
    name = "ask",
    mixinStandardHelpOptions = true,
    description =
        "Sends a prompt event to a running application and prints the answer as it comes.",
    footer = {
      "",
      "Examples:",
      "  heterospec ask 'How do I list hidden files?'",
      "  heterospec ask 'And their sizes?' --session s1 --bootstrap-servers kafka:9092"
    })
final class AskCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin PromptOptions options;

  @Parameters(paramLabel = "TEXT", description = "The prompt.")
  String text;

  @Option(names = "--session", paramLabel = "ID", description = "Continue this session.")
  String session;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws InterruptedException, IOException {
    if (text.isBlank()) {
      throw new UsageException("the prompt is empty; give it some text");
    }
    PromptEvent prompt = options.prompt(text).setSessionId(session).build();
    if (json) {
      Completion completion = ask(prompt, Optional.empty(), piece -> {});
      Json.print(spec.commandLine().getOut(), describe(completion));
      return result(completion);
    }
    Optional<Terminal> terminal = StatusLine.terminal(false);
    try {
      return result(show(prompt, terminal.map(StatusLine::new)));
    } finally {
      if (terminal.isPresent()) {
        terminal.get().close();
      }
    }
  }

  private Completion show(PromptEvent prompt, Optional<StatusLine> status)
      throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    Completion completion = ask(prompt, status, new AnswerPrinter(out, status));
    out.println();
    out.flush();
    if (status.isPresent() && completion.getError() == null) {
      spec.commandLine().getErr().println(LiveSpeed.summary(completion));
    }
    return completion;
  }

  private Completion ask(PromptEvent prompt, Optional<StatusLine> status, AnswerListener listener)
      throws InterruptedException {
    try (HeteroSpecClient client = options.open(status.isPresent())) {
      Answer answer = client.send(prompt, listener);
      return options.await(answer, answer.completion());
    } finally {
      status.ifPresent(StatusLine::erase);
    }
  }

  private int result(Completion completion) {
    if (completion.getError() == null) {
      return 0;
    }
    spec.commandLine()
        .getErr()
        .println(completion.getError().getCode() + ": " + completion.getError().getMessage());
    return HeteroSpec.FAILED;
  }

  private static ObjectNode describe(Completion completion) {
    ObjectNode object =
        Json.object()
            .put("request_id", completion.getRequestId())
            .put("session_id", completion.getSessionId())
            .put("text", completion.getText())
            .put("finish_reason", completion.getFinishReason().name())
            .put("prompt_tokens", completion.getUsage().getPromptTokens())
            .put("output_tokens", completion.getUsage().getCompletionTokens());
    if (completion.getSpeculation() != null) {
      object
          .put("mode", completion.getSpeculation().getMode())
          .put("target_calls", completion.getSpeculation().getTargetCalls())
          .put(
              "mean_acceptance_length",
              Json.rounded(completion.getSpeculation().getMeanAcceptanceLength()));
    }
    if (completion.getError() != null) {
      object.put("error", completion.getError().getCode());
    }
    return object;
  }
}
