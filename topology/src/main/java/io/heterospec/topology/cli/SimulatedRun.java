package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.simulate.Replay;
import io.heterospec.processor.simulate.ReplayedText;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a simulation found for a mode.
 *
 * @param mode a policy's name, or that of a bound
 * @param concurrency texts decoded at a time
 */
record SimulatedRun(String mode, int concurrency, Replay replay) {

  /** The run of a mode at a concurrency, null when there is none. */
  static SimulatedRun find(List<SimulatedRun> runs, String mode, int concurrency) {
    return runs.stream()
        .filter(run -> run.mode().equals(mode) && run.concurrency() == concurrency)
        .findFirst()
        .orElse(null);
  }

  /** Its categories, and the one that sums them up. */
  List<String> categories() {
    return Stream.concat(replay.texts().stream().map(ReplayedText::category), Stream.of(Bench.ALL))
        .distinct()
        .toList();
  }

  ReplayedText of(String category) {
    return ReplayedText.sum(
        category,
        replay.texts().stream()
            .filter(text -> category.equals(Bench.ALL) || text.category().equals(category))
            .toList());
  }

  ReplayedText all() {
    return of(Bench.ALL);
  }

  /** Tokens per millisecond against another run's, NaN without one. */
  double speedUp(SimulatedRun over) {
    return over == null ? Double.NaN : all().tokensPerMs() / over.all().tokensPerMs();
  }

  /** The mean of the categories' speed-ups, NaN without another run. */
  double meanSpeedUp(SimulatedRun over) {
    return over == null
        ? Double.NaN
        : categories().stream()
            .filter(category -> !category.equals(Bench.ALL))
            .mapToDouble(each -> of(each).tokensPerMs() / over.of(each).tokensPerMs())
            .average()
            .orElse(Double.NaN);
  }

  ObjectNode toJson(String category, SimulatedRun vanilla) {
    ReplayedText text = of(category);
    ObjectNode object =
        Json.object()
            .put("mode", mode)
            .put("concurrency", concurrency)
            .put("category", category)
            .put("output_tokens", text.tokens())
            .put("target_calls", text.targetCalls())
            .put("verified_tokens", text.verifiedTokens())
            .put("tokens_per_ms", text.tokensPerMs())
            .put("verified_per_token", Json.rounded(text.verifiedPerToken()))
            .put("mean_acceptance_length", Json.rounded(text.acceptanceLength()))
            .put("unknown_share", replay.unknown());
    if (vanilla == null) {
      return object.putNull("speed_up");
    }
    double speedUp = text.tokensPerMs() / vanilla.of(category).tokensPerMs();
    return object.put("speed_up", Json.rounded(speedUp));
  }
}
