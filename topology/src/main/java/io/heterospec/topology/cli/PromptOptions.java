package io.heterospec.topology.cli;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RegistryConfig;
import io.heterospec.topology.client.Answer;
import io.heterospec.topology.client.GenerationFailedException;
import io.heterospec.topology.client.HeteroSpecClient;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of commands that send prompt events to a running cluster. */
final class PromptOptions {
  private static final String LOCAL_REGISTRY = "http://127.0.0.1:8081";

  @Mixin SamplingOptions sampling;
  @Mixin ClusterOptions cluster;

  @Option(names = "--model", paramLabel = "NAME", description = "Model. Default: the router's.")
  String model;

  @Option(names = "--mode", description = "Tree policy. Default: the processor's.")
  String mode;

  @Option(
      names = "--schema-registry-url",
      description = "Default: the file's, or " + LOCAL_REGISTRY + ".")
  String registryUrl;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description = "How long to wait for the end of an answer. Default: ${DEFAULT-VALUE}.")
  int timeoutSeconds;

  /**
   * @param watch whether cycles are read, too
   */
  HeteroSpecClient open(boolean watch) {
    Map<String, Object> settings = cluster.settings();
    settings.putIfAbsent(RegistryConfig.URL, LOCAL_REGISTRY);
    if (registryUrl != null) {
      settings.put(RegistryConfig.URL, registryUrl);
    }
    return watch ? HeteroSpecClient.openWithTelemetry(settings) : HeteroSpecClient.open(settings);
  }

  /** A user's message as these options have it. */
  PromptEvent.Builder prompt(String text) {
    return HeteroSpecClient.prompt(text)
        .setModel(model)
        .setMode(mode)
        .setSampling(sampling.forEvent());
  }

  /**
   * The end of an answer, be it an error.
   *
   * @param completion the answer's
   * @throws IllegalStateException when it does not come in time
   * @throws CompletionException with what prevented it from being asked for or read
   */
  Completion await(Answer answer, CompletableFuture<Completion> completion)
      throws InterruptedException {
    try {
      return completion.get(timeoutSeconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "no completion of request %s came within %d s"
              .formatted(answer.requestId(), timeoutSeconds),
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GenerationFailedException failed) {
        return failed.completion();
      }
      throw new CompletionException(e.getCause());
    }
  }
}
