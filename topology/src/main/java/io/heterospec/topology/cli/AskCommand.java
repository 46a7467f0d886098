package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.schemas.Sampling;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.CommonClientConfigs;
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
  private static final Duration POLL = Duration.ofMillis(50);

  @Spec CommandSpec spec;
  @Mixin SamplingOptions sampling;

  @Parameters(paramLabel = "TEXT", description = "The prompt.")
  String text;

  @Option(names = "--session", paramLabel = "ID", description = "Continue this session.")
  String session;

  @Option(names = "--model", paramLabel = "NAME", description = "Model. Default: the router's.")
  String model;

  @Option(names = "--mode", description = "Tree policy. Default: the processor's.")
  String mode;

  @Option(
      names = "--bootstrap-servers",
      defaultValue = "127.0.0.1:9092",
      description = "Default: ${DEFAULT-VALUE}.")
  String bootstrapServers;

  @Option(
      names = "--schema-registry-url",
      defaultValue = "http://127.0.0.1:8081",
      description = "Default: ${DEFAULT-VALUE}.")
  String registryUrl;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description = "How long to wait for the end of the answer. Default: ${DEFAULT-VALUE}.")
  int timeoutSeconds;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws InterruptedException {
    String id = UUID.randomUUID().toString();
    PromptEvent prompt = prompt(id);
    Map<String, Object> settings = new HashMap<>();
    settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    settings.put(RegistryConfig.URL, registryUrl);
    HeteroSpecConfig config = HeteroSpecConfig.fromMap(settings);
    Answer answer = new Answer(id);
    try (EventReader reader = EventReader.ofAnswers(config);
        PromptPublisher publisher = new PromptPublisher(config)) {
      publisher.publish(prompt);
      long end = System.nanoTime() + Duration.ofSeconds(timeoutSeconds).toNanos();
      while (answer.completion == null) {
        reader.poll(POLL, answer);
        if (System.nanoTime() > end) {
          throw new IllegalStateException(
              "no completion of request %s came within %d s".formatted(id, timeoutSeconds));
        }
      }
    }
    return finish(answer.completion);
  }

  private PromptEvent prompt(String id) {
    if (text.isBlank()) {
      throw new UsageException("the prompt is empty; give it some text");
    }
    sampling.params(1); // refuses values out of range before anything is sent
    return PromptEvent.newBuilder()
        .setRequestId(id)
        .setSessionId(session)
        .setModel(model)
        .setMode(mode)
        .setMessages(List.of(new ChatMessage("user", text)))
        .setSampling(
            Sampling.newBuilder()
                .setMaxTokens(sampling.maxTokens)
                .setTemperature(sampling.temperature)
                .setTopP(sampling.topP)
                .setTopK(sampling.topK)
                .setSeed(sampling.seed)
                .setStop(sampling.stop)
                .setIgnoreEos(sampling.ignoreEos)
                .build())
        .setCreatedAt(Instant.now())
        .build();
  }

  private int finish(Completion completion) {
    PrintWriter out = spec.commandLine().getOut();
    boolean failed = completion.getError() != null;
    if (json) {
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
      if (failed) {
        object.put("error", completion.getError().getCode());
      }
      Json.print(out, object);
    } else {
      out.println();
    }
    out.flush();
    if (failed) {
      spec.commandLine()
          .getErr()
          .println(completion.getError().getCode() + ": " + completion.getError().getMessage());
    }
    return failed ? HeteroSpec.FAILED : 0;
  }

  private final class Answer implements EventReader.Handler {
    private final String id;
    private Completion completion;

    Answer(String id) {
      this.id = id;
    }

    @Override
    public void onDelta(GenerationDelta delta) {
      if (!json && delta.getRequestId().equals(id)) {
        spec.commandLine().getOut().print(delta.getText());
        spec.commandLine().getOut().flush();
      }
    }

    @Override
    public void onCompletion(Completion end) {
      if (end.getRequestId().equals(id)) {
        completion = end;
      }
    }
  }
}
