package io.heterospec.topology.generate;

import io.heterospec.topology.route.RecordLimit;
import io.heterospec.topology.session.SessionOverflow;
import java.time.Duration;

/**
 * How a processor works.
 *
 * @param punctuateInterval how often the outbox is drained
 * @param workBudget most events of one punctuation
 * @param commitInterval least time between two commits asked for
 * @param maxAttempts tries before an engine failure is final
 * @param retryBackoff wait before the first retry; it doubles with each
 * @param sessionTtl how long an idle session is kept
 * @param sessionOverflow what happens to a session whose next turn does not fit
 * @param requestIdRetention how long finished request ids are remembered
 * @param recordLimit what records and entries of stores must fit in
 */
public record GenerateSettings(
    Duration punctuateInterval,
    int workBudget,
    Duration commitInterval,
    int maxAttempts,
    Duration retryBackoff,
    Duration sessionTtl,
    SessionOverflow sessionOverflow,
    Duration requestIdRetention,
    RecordLimit recordLimit) {}
