package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.BlockingGeneration;
import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.processor.engine.TorchEngine;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The engine without Kafka. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = "Generates text with the engine alone, without Kafka.",
    footer = {
      "",
      "Examples:",
      "  heterospec generate --prompt 'Write a poem about the sea'",
      "  heterospec generate --prompt 'def add(a, b):' --raw --mode vanilla --json",
      "  heterospec generate --prompt-ids 1,15,7 --max-tokens 32 --trace cycles.jsonl"
    })
final class GenerateCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin ModelOptions models;
  @Mixin SamplingOptions sampling;

  @ArgGroup(multiplicity = "1")
  Prompt prompt;

  static final class Prompt {
    @Option(names = "--prompt", paramLabel = "T", description = "Text of the prompt.")
    String text;

    @Option(names = "--prompt-ids", paramLabel = "1,2,…", description = "Token ids of the prompt.")
    String ids;

    // Null where it takes a tokenizer.
    int[] givenIds() {
      if (ids != null) {
        return TokenIds.parse("--prompt-ids", ids);
      }
      if (text.isBlank()) {
        throw new UsageException("--prompt is empty; give it some text");
      }
      return null;
    }
  }

  @Option(names = "--raw", description = "Take the prompt as it is, without the chat template.")
  boolean raw;

  @Option(
      names = "--mode",
      paramLabel = "vanilla|eagle3|heterospec|budgeted",
      description = ModelOptions.SHOWN_MODE)
  String mode;

  @Option(names = "--trace", paramLabel = "FILE", description = "Write every cycle as a JSON line.")
  Path trace;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    sampling.require();
    int[] given = prompt.givenIds();
    try (TorchEngine engine = LoadBar.open(models.shown(mode));
        TraceWriter cycles = trace == null ? null : new TraceWriter(trace)) {
      int[] ids = given == null ? encoded(engine) : given;
      GenerationRequest request =
          new GenerationRequest(
              "generate",
              ids,
              new int[0],
              sampling.params(engine.model().defaultMaxTokens()),
              mode,
              0,
              Long.MAX_VALUE,
              trace != null);
      long start = System.nanoTime();
      GenerationResult result =
          BlockingGeneration.run(engine, request, step -> onStep(step, ids.length, out, cycles));
      double seconds = (System.nanoTime() - start) / 1e9;
      if (result.finishReason() == FinishReason.FAILED) {
        throw new IllegalStateException(result.errorMessage());
      }
      String policy = mode == null ? engine.defaultMode() : mode;
      if (json) {
        Json.print(out, toJson(policy, result, seconds));
      } else {
        summary(out, policy, result, seconds);
      }
      return 0;
    }
  }

  private int[] encoded(TorchEngine engine) {
    return raw ? Prompts.encodeRaw(engine, prompt.text) : Prompts.encode(engine, prompt.text);
  }

  private void onStep(GenerationStep step, int promptTokens, PrintWriter out, TraceWriter cycles) {
    if (!json) {
      out.print(step.text());
      out.flush();
    }
    if (cycles != null) {
      cycles.write(step, promptTokens, null);
    }
  }

  private static void summary(
      PrintWriter out, String policy, GenerationResult result, double seconds) {
    out.println(result.tailText());
    out.printf(
        Locale.ROOT,
        "%n[%s: %d tokens in %.2f s, %.0f tokens/s, %d target calls, acceptance length %.2f, ended by %s]%n",
        policy,
        result.tokenIds().length,
        seconds,
        result.tokenIds().length / seconds,
        result.targetCalls(),
        result.meanAcceptanceLength(),
        result.finishReason().name().toLowerCase(Locale.ROOT));
    out.flush();
  }

  private static ObjectNode toJson(String policy, GenerationResult result, double seconds) {
    int tokens = result.tokenIds().length;
    ObjectNode object =
        Json.object()
            .put("mode", policy)
            .put("prompt_tokens", result.promptTokens())
            .put("output_tokens", tokens);
    ArrayNode ids = object.putArray("token_ids");
    for (int id : result.tokenIds()) {
      ids.add(id);
    }
    return object
        .put("text", result.text())
        .put("finish_reason", result.finishReason().name())
        .put("seconds", Json.rounded(seconds))
        .put("tokens_per_second", Json.rounded(tokens / seconds))
        .put("target_calls", result.targetCalls())
        .put("verified_tokens", result.verifiedTokens())
        .put("drafted_tokens", result.draftedTokens())
        .put("mean_acceptance_length", Json.rounded(result.meanAcceptanceLength()));
  }
}
