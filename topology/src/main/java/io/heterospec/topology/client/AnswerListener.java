package io.heterospec.topology.client;

import io.heterospec.schemas.StepTelemetry;

/**
 * Sees an answer while it comes. Called by the thread that reads for all answers of a client, in
 * order and one call at a time: what takes long belongs elsewhere. An answer whose listener throws
 * is cancelled and fails with that exception.
 */
public interface AnswerListener {

  /** The next piece of the text; never empty. All pieces together are the completion's text. */
  void onText(String text);

  /** A draft-verify cycle; only of a client that reads telemetry. */
  default void onCycle(StepTelemetry cycle) {}
}
