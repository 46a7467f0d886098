package io.heterospec.processor.engine;

import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.RowBatch;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.TreeShape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Advances the live sequences in rounds (continuous batching): a round is one chunk of prefill, if
 * any sequence waits for it, and one draft-verify cycle of all others together. So a long prompt
 * does not hold up the others, and sequences join and leave at any round. Belongs to the engine's
 * thread.
 */
final class Scheduler {
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

  private final ModelPair models;
  private final DecodeCycle cycle;
  private final int maxLive;
  private final int prefillChunk;
  private final AdmissionQueue waiting = new AdmissionQueue();
  private final List<Sequence> live = new ArrayList<>();
  private final Runnable onLeave;

  /**
   * @param budget of budgeted sequences; null without a head
   * @param onLeave called for each sequence that is over
   */
  Scheduler(ModelPair models, SpeculationBudget budget, EngineOptions options, Runnable onLeave) {
    this.models = models;
    this.cycle = new DecodeCycle(models.target(), models.head(), budget);
    this.maxLive = options.maxLive();
    this.prefillChunk = options.prefillChunk();
    this.onLeave = onLeave;
  }

  void add(Sequence sequence) {
    waiting.add(sequence);
  }

  /** Ends a generation; {@code silently} without an event. */
  void stop(String requestId, boolean silently) {
    Sequence queued = waiting.remove(requestId);
    if (queued != null) {
      leave(queued, silently ? null : FinishReason.CANCELLED);
      return;
    }
    for (Sequence sequence : live) {
      if (sequence.request.id().equals(requestId)) {
        live.remove(sequence);
        leave(sequence, silently ? null : FinishReason.CANCELLED);
        return;
      }
    }
  }

  boolean isIdle() {
    return live.isEmpty();
  }

  /** Admits what fits, prefills a chunk and runs a cycle of everything that is prefilled. */
  void round() {
    admit();
    for (Sequence sequence : List.copyOf(live)) {
      if (expired(sequence)) {
        end(sequence, FinishReason.CANCELLED);
      }
    }
    live.stream().filter(sequence -> !sequence.prefilled()).findFirst().ifPresent(this::prefill);
    decode(live.stream().filter(Sequence::prefilled).toList());
    admit();
  }

  /** Ends everything with an error, live and waiting. */
  void failAll(Throwable cause) {
    live.forEach(sequence -> fail(sequence, cause));
    live.clear();
    for (Sequence next = waiting.poll(); next != null; next = waiting.poll()) {
      fail(next, cause);
    }
  }

  /** Ends everything without events. */
  void abandonAll() {
    live.forEach(sequence -> leave(sequence, null));
    live.clear();
    for (Sequence next = waiting.poll(); next != null; next = waiting.poll()) {
      leave(next, null);
    }
  }

  private void admit() {
    while (live.size() < maxLive) {
      Sequence next = waiting.poll();
      if (next == null) {
        return;
      }
      next.admittedNanos = System.nanoTime();
      if (next.text.finish() != null) {
        leave(next, next.text.finish()); // an earlier attempt committed its last token
      } else if (expired(next)) {
        leave(next, FinishReason.CANCELLED);
      } else {
        openCaches(next);
      }
    }
  }

  private void openCaches(Sequence sequence) {
    try {
      TreeShape shape = sequence.policy.shape();
      boolean drafts = sequence.policy.drafts();
      // Scratch rows of a cycle: the verified tree in the target, the expanded nodes in the head.
      int extraLevels = drafts ? TreeShape.MAX_DEPTH : 0;
      KvCache target =
          models.target().newCache(sequence.maxLength() + 1 + shape.nodes() + extraLevels);
      sequence.open(target, null);
      if (drafts) {
        int slots = shape.topK() * (shape.depth() + extraLevels);
        sequence.open(target, models.head().newCache(sequence.maxLength() + slots));
      }
      live.add(sequence);
    } catch (RuntimeException e) {
      fail(sequence, e);
    }
  }

  // A cycle that fails leaves the caches of all its sequences in doubt.
  private void decode(List<Sequence> ready) {
    if (ready.isEmpty()) {
      return;
    }
    List<DecodeCycle.Outcome> outcomes;
    try {
      outcomes = cycle.run(ready);
    } catch (RuntimeException e) {
      live.removeAll(ready);
      ready.forEach(sequence -> fail(sequence, e));
      return;
    }
    outcomes.forEach(this::deliver);
  }

  private void deliver(DecodeCycle.Outcome outcome) {
    Sequence sequence = outcome.sequence();
    try {
      sequence.listener.onStep(outcome.step());
      if (sequence.text.finish() != null) {
        end(sequence, sequence.text.finish());
      }
    } catch (RuntimeException e) {
      live.remove(sequence);
      fail(sequence, e);
    }
  }

  // The head reads each chunk's features while they are there; the last chunk's wait for the first
  // cycle, which extends the head's context and drafts in one call.
  private void prefill(Sequence sequence) {
    try {
      KvCache cache = sequence.targetCache();
      int from = cache.length();
      int to = Math.min(from + prefillChunk, sequence.rootPosition());
      try (Features features = models.target().prefill(sequence.tokens(), from, to, cache)) {
        if (!sequence.policy.drafts()) {
          return;
        }
        int[] rows = IntStream.range(0, to - from).toArray();
        sequence.features().add(features.rows(rows, rows.length));
      }
      if (!sequence.prefilled() && !sequence.isBudgeted()) {
        RowBatch rows = new RowBatch();
        Drafter.addContext(rows, sequence, to);
        models.head().addContext(rows, sequence.features());
        sequence.dropFeatures();
      }
    } catch (RuntimeException e) {
      live.remove(sequence);
      fail(sequence, e);
    }
  }

  private static boolean expired(Sequence sequence) {
    return System.currentTimeMillis() >= sequence.request.deadlineEpochMillis();
  }

  private void end(Sequence sequence, FinishReason reason) {
    live.remove(sequence);
    leave(sequence, reason);
  }

  private void leave(Sequence sequence, FinishReason reason) {
    release(sequence, reason == null ? null : SequenceResult.of(sequence, reason));
  }

  private void fail(Sequence sequence, Throwable cause) {
    LOG.error("generation {} failed in the engine", sequence.request.id(), cause);
    release(sequence, SequenceResult.failed(sequence, cause));
  }

  // Its place is free before its listener hears of the end: a listener may submit the next.
  private void release(Sequence sequence, GenerationResult result) {
    sequence.close();
    onLeave.run();
    if (result == null) {
      return;
    }
    try {
      sequence.listener.onFinished(result);
    } catch (RuntimeException e) {
      LOG.error("the listener of generation {} failed", sequence.request.id(), e);
    }
  }
}
