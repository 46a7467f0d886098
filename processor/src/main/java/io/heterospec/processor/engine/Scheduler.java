package io.heterospec.processor.engine;

import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.tree.TreeShape;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the live sequences their turns: each in a round gets one chunk of prefill or one cycle, so
 * that a long prompt does not hold up the others, and sequences join and leave at any round.
 * Belongs to the engine's thread.
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
   * @param onLeave called for each sequence that is over
   */
  Scheduler(ModelPair models, EngineOptions options, Runnable onLeave) {
    this.models = models;
    this.cycle = new DecodeCycle(models.target(), models.head());
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

  /** Admits what fits and gives every live sequence one turn. */
  void round() {
    admit();
    for (Sequence sequence : List.copyOf(live)) {
      turn(sequence);
    }
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

  private void turn(Sequence sequence) {
    try {
      if (expired(sequence)) {
        end(sequence, FinishReason.CANCELLED);
      } else if (!sequence.prefilled()) {
        prefill(sequence);
      } else {
        sequence.listener.onStep(cycle.run(sequence));
        if (sequence.text.finish() != null) {
          end(sequence, sequence.text.finish());
        }
      }
    } catch (RuntimeException e) {
      live.remove(sequence);
      fail(sequence, e);
    }
  }

  // The head reads each chunk's features while they are there; the last chunk's wait for the first
  // cycle, which extends the head's context and drafts in one call.
  private void prefill(Sequence sequence) {
    KvCache cache = sequence.targetCache();
    int from = cache.length();
    int to = Math.min(from + prefillChunk, sequence.rootPosition());
    var features = models.target().prefill(sequence.tokens(), from, to, cache);
    sequence.features(features);
    if (!sequence.policy.drafts()) {
      sequence.features(null);
    } else if (!sequence.prefilled()) {
      models.head().addContext(sequence.tokens(), from + 1, to + 1, features, sequence.headCache());
      sequence.features(null);
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
    if (reason != null) {
      sequence.listener.onFinished(SequenceResult.of(sequence, reason));
    }
    sequence.close();
    onLeave.run();
  }

  private void fail(Sequence sequence, Throwable cause) {
    LOG.error("generation {} failed in the engine", sequence.request.id(), cause);
    try {
      sequence.listener.onFinished(SequenceResult.failed(sequence, cause));
    } catch (RuntimeException e) {
      LOG.error("the listener of generation {} failed", sequence.request.id(), e);
    }
    sequence.close();
    onLeave.run();
  }
}
