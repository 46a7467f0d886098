package io.heterospec.topology.generate;

import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Where the engine's thread leaves events for the stream thread of one task. Its size is bounded by
 * the tokens of the engine's live generations.
 */
final class Outbox implements GenerationListener {
  private final ConcurrentLinkedQueue<Object> events = new ConcurrentLinkedQueue<>();

  @Override
  public void onStep(GenerationStep step) {
    events.add(step);
  }

  @Override
  public void onFinished(GenerationResult result) {
    events.add(result);
  }

  /** The next {@link GenerationStep} or {@link GenerationResult}; null when there is none. */
  Object poll() {
    return events.poll();
  }
}
