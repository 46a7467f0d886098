package io.heterospec.topology.generate;

import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What one drain of the outbox holds of one submission: its cycles in order, and its end if that
 * was among them. They become one delta and one entry of progress, however many cycles they are.
 */
final class Drained {
  private final String engineId;
  private final List<GenerationStep> steps = new ArrayList<>();
  private GenerationResult result;

  Drained(String engineId) {
    this.engineId = engineId;
  }

  void add(GenerationStep step) {
    steps.add(step);
  }

  void end(GenerationResult end) {
    result = end;
  }

  String engineId() {
    return engineId;
  }

  List<GenerationStep> steps() {
    return Collections.unmodifiableList(steps);
  }

  /** The end of the submission; null while it goes on. */
  GenerationResult result() {
    return result;
  }
}
