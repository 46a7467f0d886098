package io.heterospec.processor.engine;

/**
 * Receives a generation's events in order. Called on the engine's thread: implementations hand the
 * event over and return at once; they never call Kafka or block.
 */
public interface GenerationListener {

  /** One cycle's new tokens. */
  void onStep(GenerationStep step);

  /** The last event of a generation. */
  void onFinished(GenerationResult result);
}
