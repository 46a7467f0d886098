package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.GenerationResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a benchmark measured for one mode at one concurrency over some prompts. */
final class BenchRun {
  private final String mode;
  private final int concurrency;
  private final String category;
  private final List<Double> msPerToken = new ArrayList<>();
  private long outputTokens;
  private double seconds;
  private long targetCalls;
  private long verifiedTokens;
  private boolean identical = true;

  BenchRun(String mode, int concurrency, String category) {
    this.mode = mode;
    this.concurrency = concurrency;
    this.category = category;
  }

  /**
   * Adds one batch of generations.
   *
   * @param latencies milliseconds per token, one value for each token
   * @param vanilla tokens of plain decoding for the same prompts, or null where it does not run
   */
  void add(
      List<GenerationResult> results,
      double batchSeconds,
      List<Double> latencies,
      List<int[]> vanilla) {
    seconds += batchSeconds;
    msPerToken.addAll(latencies);
    for (int i = 0; i < results.size(); i++) {
      GenerationResult result = results.get(i);
      outputTokens += result.tokenIds().length;
      targetCalls += result.targetCalls();
      verifiedTokens += result.verifiedTokens();
      identical &= vanilla != null && Arrays.equals(vanilla.get(i), result.tokenIds());
    }
  }

  String mode() {
    return mode;
  }

  int concurrency() {
    return concurrency;
  }

  String category() {
    return category;
  }

  long outputTokens() {
    return outputTokens;
  }

  long targetCalls() {
    return targetCalls;
  }

  long verifiedTokens() {
    return verifiedTokens;
  }

  double tokensPerSecond() {
    return seconds == 0 ? 0 : outputTokens / seconds;
  }

  double meanAcceptanceLength() {
    return targetCalls == 0 ? 0 : (double) outputTokens / targetCalls;
  }

  /** Milliseconds per token that a share of the tokens does not exceed. */
  double percentile(double share) {
    double[] sorted = msPerToken.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted.length == 0
        ? 0
        : sorted[(int) Math.min(sorted.length - 1, share * sorted.length)];
  }

  /** Whether every output equalled plain decoding's in the same run. */
  boolean identical() {
    return identical;
  }

  ObjectNode toJson(boolean vanillaRan) {
    ObjectNode object =
        Json.object()
            .put("mode", mode)
            .put("concurrency", concurrency)
            .put("category", category)
            .put("output_tokens", outputTokens)
            .put("seconds", Json.rounded(seconds))
            .put("tokens_per_second", Json.rounded(tokensPerSecond()))
            .put("target_calls", targetCalls)
            .put("verified_tokens", verifiedTokens)
            .put("mean_acceptance_length", Json.rounded(meanAcceptanceLength()))
            .put("p50_ms_per_token", Json.rounded(percentile(0.5)))
            .put("p99_ms_per_token", Json.rounded(percentile(0.99)));
    return vanillaRan
        ? object.put("identical_to_vanilla", identical)
        : object.putNull("identical_to_vanilla");
  }
}
