package io.heterospec.topology.generate;

import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Where the engine's thread leaves events for the stream thread of one task. Its size is bounded by
 * the tokens of the engine's live generations.
 */
final class Outbox implements GenerationListener {
  private final Queue<Object> events = new ConcurrentLinkedQueue<>();

  @Override
  public void onStep(GenerationStep step) {
    events.add(step);
  }

  /** A dead engine ends nothing: what it ran stays pending, for whoever takes the task over. */
  @Override
  public void onFinished(GenerationResult result) {
    if (!result.isEngineLost()) {
      events.add(result);
    }
  }

  /**
   * Takes what is there, by submission, in the order of their first events.
   *
   * @param atMost events taken; the others wait for the next drain
   */
  Collection<Drained> drain(int atMost) {
    Map<String, Drained> bySubmission = new LinkedHashMap<>();
    for (int i = 0; i < atMost; i++) {
      Object event = events.poll();
      if (event == null) {
        break;
      }
      if (event instanceof GenerationStep step) {
        bySubmission.computeIfAbsent(step.requestId(), Drained::new).add(step);
      } else if (event instanceof GenerationResult result) {
        bySubmission.computeIfAbsent(result.requestId(), Drained::new).end(result);
      }
    }
    return bySubmission.values();
  }
}
