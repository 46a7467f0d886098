package io.heterospec.topology.telemetry;

import io.heterospec.processor.engine.CycleReport;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import java.util.List;

/**
 * What drafting brings, cycle by cycle. Drafts, draft tokens, accepted tokens and accepted tokens
 * by position count what vLLM's {@code spec_decode} metrics of these names count: a draft is a
 * cycle in which the target verified drafted tokens, draft tokens are those it verified, and 1 +
 * accepted tokens / drafts is the mean acceptance length.
 */
final class SpeculationMetrics {
  private static final AttributeKey<Long> POSITION = AttributeKey.longKey("heterospec.position");

  private static final List<Double> TOKENS =
      List.of(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0);
  private static final List<Double> NATS = List.of(0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0);
  private static final List<Double> ROWS =
      List.of(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0);

  private final LongCounter outputTokens;
  private final LongCounter targetCalls;
  private final LongCounter verifiedTokens;
  private final LongCounter candidates;
  private final LongCounter drafts;
  private final LongCounter draftTokens;
  private final LongCounter acceptedTokens;
  private final LongCounter acceptedAtPosition;
  private final DoubleHistogram acceptanceLength;
  private final DoubleHistogram entropy;
  private final DoubleHistogram budget;

  SpeculationMetrics(Instruments instruments) {
    outputTokens =
        instruments.counter(
            "heterospec.output_tokens", "{token}", "Generated tokens, as they come");
    targetCalls =
        instruments.counter(
            "heterospec.target_calls", "{call}", "Decoding passes of the target, one a cycle");
    verifiedTokens =
        instruments.counter(
            "heterospec.verified_tokens", "{token}", "Rows of those passes, roots included");
    candidates =
        instruments.counter(
            "heterospec.candidates", "{token}", "Drafted candidates, verified or not");
    drafts =
        instruments.counter("heterospec.drafts", "{draft}", "Cycles that verified drafted tokens");
    draftTokens =
        instruments.counter(
            "heterospec.drafted_tokens", "{token}", "Drafted tokens that were verified");
    acceptedTokens =
        instruments.counter("heterospec.accepted_tokens", "{token}", "Drafted tokens accepted");
    acceptedAtPosition =
        instruments.counter(
            "heterospec.accepted_tokens_per_position",
            "{token}",
            "Drafted tokens accepted, by position in their draft from 0");
    acceptanceLength =
        instruments.histogram(
            "heterospec.acceptance_length", "{token}", "Tokens of a cycle", TOKENS);
    entropy =
        instruments.histogram(
            "heterospec.meta_path_entropy", "nat", "Cumulative meta-path entropy", NATS);
    budget =
        instruments.histogram(
            "heterospec.budget",
            "{row}",
            "Rows that the budget let a cycle verify for all its sequences",
            ROWS);
  }

  void cycle(CycleReport report) {
    Attributes policy = Attributes.of(GenAi.POLICY, report.policy());
    AttributesBuilder builder = policy.toBuilder();
    if (report.bin() >= 0) {
      builder.put(GenAi.ENTROPY_BIN, report.bin());
    }
    Attributes bin = builder.build();
    outputTokens.add(report.emitted(), policy);
    targetCalls.add(1, policy);
    verifiedTokens.add(report.verified(), bin);
    candidates.add(report.candidates(), policy);
    acceptanceLength.record(report.emitted(), bin);
    if (!Double.isNaN(report.entropy())) {
      entropy.record(report.entropy(), bin);
    }
    if (report.budget() >= 0) {
      budget.record(report.budget(), policy);
    }
    int drafted = report.verified() - 1; // the first row is the root
    if (drafted > 0) {
      drafts.add(1, bin);
      draftTokens.add(drafted, bin);
      acceptedTokens.add(report.accepted(), bin);
      for (int i = 0; i < report.accepted(); i++) {
        acceptedAtPosition.add(1, policy.toBuilder().put(POSITION, i).build());
      }
    }
  }
}
