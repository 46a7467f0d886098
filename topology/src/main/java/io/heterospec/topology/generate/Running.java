package io.heterospec.topology.generate;

import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;

/**
 * A generation that the engine has taken.
 *
 * @param engineId its id in the engine, different for every submission: events of an earlier one
 *     are thus told apart and dropped
 * @param offeredMs when the engine took it, in milliseconds since the epoch
 */
record Running(String engineId, PendingGeneration pending, Progress progress, long offeredMs) {

  Running offeredAt(long nowMs) {
    return new Running(engineId, pending, progress, nowMs);
  }

  PromptEvent prompt() {
    return pending.getRequest().getPrompt();
  }

  String requestId() {
    return prompt().getRequestId();
  }
}
