package io.heterospec.topology.cli;

import io.heterospec.processor.engine.SamplingParams;
import io.heterospec.schemas.Sampling;
import java.util.List;
import picocli.CommandLine.Option;

/** Options that say how tokens are chosen. */
final class SamplingOptions {
  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Most tokens to generate. Default: what the model's generation_config says.")
  Integer maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      defaultValue = "0",
      description = "0 for greedy decoding. Default: ${DEFAULT-VALUE}.")
  double temperature;

  @Option(
      names = "--top-p",
      paramLabel = "X",
      defaultValue = "1",
      description = "Probability mass to keep. Default: ${DEFAULT-VALUE}.")
  double topP;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      defaultValue = "0",
      description = "Tokens to keep, 0 for all. Default: ${DEFAULT-VALUE}.")
  int topK;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "The same seed gives the same text in every mode. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(
      names = "--stop",
      paramLabel = "S",
      description = "Text that ends the answer; repeatable.")
  List<String> stop = List.of();

  @Option(names = "--ignore-eos", description = "Go on after an end-of-sequence token.")
  boolean ignoreEos;

  SamplingParams params(int defaultMaxTokens) {
    return new SamplingParams(
        maxTokens == null ? defaultMaxTokens : maxTokens,
        temperature,
        topK,
        topP,
        seed,
        stop,
        ignoreEos);
  }

  /**
   * Refuses what the engine would, before there is one.
   *
   * @throws IllegalArgumentException naming the one that is out of range
   */
  void require() {
    var unused = params(1);
  }

  /**
   * As a prompt event has them.
   *
   * @throws IllegalArgumentException naming the one that is out of range
   */
  Sampling forEvent() {
    require();
    return Sampling.newBuilder()
        .setMaxTokens(maxTokens)
        .setTemperature(temperature)
        .setTopP(topP)
        .setTopK(topK)
        .setSeed(seed)
        .setStop(stop)
        .setIgnoreEos(ignoreEos)
        .build();
  }
}
