package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * A mode at one concurrency over the prompts of one category. Each figure is the median over the
 * repetitions.
 *
 * @param vanilla plain decoding's tokens by the prompt's index, or null where it did not run
 */
record BenchRow(
    String mode,
    int concurrency,
    String category,
    List<BenchRun> repetitions,
    Map<Integer, int[]> vanilla) {

  double median(ToDoubleFunction<BenchRun> figure) {
    return Quantiles.median(repetitions.stream().mapToDouble(figure).toArray());
  }

  double least(ToDoubleFunction<BenchRun> figure) {
    return repetitions.stream().mapToDouble(figure).min().orElse(0);
  }

  double most(ToDoubleFunction<BenchRun> figure) {
    return repetitions.stream().mapToDouble(figure).max().orElse(0);
  }

  double tokensPerSecond() {
    return median(BenchRun::tokensPerSecond);
  }

  boolean isAll() {
    return category.equals(Bench.ALL);
  }

  /** Generations of all repetitions. */
  int generations() {
    return repetitions.stream().mapToInt(BenchRun::generations).sum();
  }

  /** Generations of all repetitions whose tokens are not plain decoding's. */
  int differing() {
    return repetitions.stream().mapToInt(run -> run.differing(vanilla)).sum();
  }

  ObjectNode toJson() {
    ObjectNode object =
        Json.object()
            .put("mode", mode)
            .put("concurrency", concurrency)
            .put("category", category)
            .put("output_tokens", Math.round(median(BenchRun::outputTokens)))
            .put("seconds", Json.rounded(median(BenchRun::seconds)))
            .put("tokens_per_second", Json.rounded(tokensPerSecond()))
            .put("target_calls", Math.round(median(BenchRun::targetCalls)))
            .put("verified_tokens", Math.round(median(BenchRun::verifiedTokens)))
            .put("mean_acceptance_length", Json.rounded(median(BenchRun::meanAcceptanceLength)))
            .put("p50_ms_per_token", Json.rounded(median(run -> run.msPerToken(0.5))))
            .put("p99_ms_per_token", Json.rounded(median(run -> run.msPerToken(0.99))));
    if (vanilla == null) {
      object.putNull("identical_to_vanilla").putNull("differing_generations");
    } else {
      object.put("identical_to_vanilla", differing() == 0);
      object.put("differing_generations", differing());
    }
    object
        .put("p50_ms_to_first_token", Json.rounded(median(run -> run.msToFirstToken(0.5))))
        .put("p99_ms_to_first_token", Json.rounded(median(run -> run.msToFirstToken(0.99))))
        .put("p50_tpot_ms", Json.rounded(median(run -> run.msPerOutputToken(0.5))))
        .put("p99_tpot_ms", Json.rounded(median(run -> run.msPerOutputToken(0.99))))
        .put("repetitions", repetitions.size())
        .put("min_tokens_per_second", Json.rounded(least(BenchRun::tokensPerSecond)))
        .put("max_tokens_per_second", Json.rounded(most(BenchRun::tokensPerSecond)))
        .put("mean_in_flight", Json.rounded(median(BenchRun::meanInFlight)));
    ArrayNode acceptance = object.putArray("acceptance_by_depth");
    for (int depth = 1; depth <= BenchRun.DEPTHS; depth++) {
      acceptance.add(Json.rounded(acceptedAtLeast(depth)));
    }
    return object;
  }

  /** Share of the cycles in which at least {@code depth} draft tokens were accepted. */
  double acceptedAtLeast(int depth) {
    return median(run -> run.acceptedAtLeast(depth));
  }
}
