package io.heterospec.topology.session;

import java.time.Instant;

/**
 * What is known of a session without its text.
 *
 * @param id of the session
 * @param turns answered
 * @param tokens of the conversation so far
 * @param lastUsedAt end of the last turn
 * @param deviceTokens tokens whose keys and values are on the device
 * @param storedTokens tokens whose keys and values are in local pages; -1 where nobody counted
 * @param cacheTier where the next turn will find them
 */
public record SessionSummary(
    String id,
    int turns,
    int tokens,
    Instant lastUsedAt,
    int deviceTokens,
    int storedTokens,
    String cacheTier) {}
