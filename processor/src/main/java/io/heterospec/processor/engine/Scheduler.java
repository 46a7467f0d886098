package io.heterospec.processor.engine;

import io.heterospec.processor.kv.SessionPages;
import io.heterospec.processor.torch.DeviceFault;
import io.heterospec.processor.tree.SpeculationBudget;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Advances the live sequences in rounds (continuous batching): a round is one pass over a chunk of
 * prefill, if any sequence waits for it, and the trees of all others together. So a long prompt
 * does not hold up the others, and sequences join and leave at any round. The next of the queue
 * joins when there is a place and room for its caches, which it may take from sequences of lower
 * priority; none behind it joins before it, so a big one does not starve. Belongs to the engine's
 * thread.
 */
final class Scheduler {
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

  private final CacheBudget caches;
  private final SessionCaches sessions;
  private final Prefill prefill;
  private final DecodeCycle cycle;
  private final MemoryPressure pressure = new MemoryPressure();
  private final int maxLive;
  private final AdmissionQueue waiting = new AdmissionQueue();
  private final List<Sequence> live = new ArrayList<>();
  private final Runnable onLeave;
  private long evictions;
  private Sequence refused; // for which there was no memory, and nobody has left since

  /**
   * @param budget of budgeted sequences; null without a head
   * @param onLeave called for each sequence that is over
   */
  Scheduler(
      ModelPair models,
      CacheBudget caches,
      SessionCaches sessions,
      SpeculationBudget budget,
      EngineOptions options,
      Runnable onLeave) {
    this.caches = caches;
    this.sessions = sessions;
    this.prefill = new Prefill(models.head(), options.prefillChunk());
    this.cycle = new DecodeCycle(models.target(), models.head(), budget);
    this.maxLive = options.maxLive();
    this.onLeave = onLeave;
  }

  void add(Sequence sequence) {
    if (sequence.text.finish() != null) {
      leave(sequence, sequence.text.finish()); // an earlier attempt committed its last token
    } else {
      waiting.add(sequence);
    }
  }

  /** Ends a generation; {@code silently} without an event. */
  void stop(String requestId, boolean silently) {
    List<Sequence> stopped =
        new ArrayList<>(waiting.removeIf(sequence -> sequence.request.id().equals(requestId)));
    live.stream().filter(sequence -> sequence.request.id().equals(requestId)).forEach(stopped::add);
    for (Sequence sequence : stopped) {
      end(sequence, silently ? null : FinishReason.CANCELLED);
    }
  }

  /** Whether no sequence is live and none waits. */
  boolean isIdle() {
    return live.isEmpty() && waiting.isEmpty();
  }

  /** Sequences that lost their place to one of higher priority so far. */
  long evictions() {
    return evictions;
  }

  /** Gives back the memory that no live sequence uses. */
  void trim() {
    caches.trim();
  }

  /** Forgets what the device keeps of a session. */
  void forget(String session) {
    sessions.drop(session);
  }

  /** Whether pages of sessions wait to be written. */
  boolean isWriting() {
    return sessions.isWriting();
  }

  /** Writes a page of a session whose turn is over; false when none could be written. */
  boolean writePage() {
    try {
      return sessions.write();
    } catch (RuntimeException e) {
      if (DeviceFault.of(e) == DeviceFault.STICKY) {
        throw lost(e);
      }
      LOG.warn("the cache of a session was not stored", e);
      return true;
    }
  }

  /** Admits what fits and runs a cycle of everything that is prefilled, and a chunk of the rest. */
  void round() {
    expire();
    admit();
    readPages();
    List<Prefill.Part> parts = prefill.next(live);
    decode(live.stream().filter(Sequence::prefilled).toList(), parts);
    writePage();
  }

  /** Ends this attempt of everything, live and waiting: the engine is dead. */
  void loseAll(Throwable cause) {
    takeAll().forEach(sequence -> release(sequence, SequenceResult.lost(sequence, cause)));
  }

  /** Ends everything without events. */
  void abandonAll() {
    takeAll().forEach(sequence -> leave(sequence, null));
    sessions.clear();
  }

  private List<Sequence> takeAll() {
    List<Sequence> all = new ArrayList<>(live);
    live.clear();
    all.addAll(waiting.removeIf(sequence -> true));
    return all;
  }

  private void expire() {
    long now = System.currentTimeMillis();
    List<Sequence> late =
        new ArrayList<>(waiting.removeIf(each -> now >= each.request.deadlineEpochMillis()));
    live.stream().filter(each -> now >= each.request.deadlineEpochMillis()).forEach(late::add);
    late.forEach(sequence -> end(sequence, FinishReason.CANCELLED));
  }

  private void admit() {
    while (!waiting.isEmpty() && waiting.peek() != refused && makeRoom(waiting.peek())) {
      Sequence next = waiting.poll();
      if (next.admittedNanos == 0) {
        next.admittedNanos = System.nanoTime();
      }
      long spare = caches.spare();
      try {
        shrinkSessions(next);
        caches.open(next, caches.spare() - sessions.bytes());
        sessions.resume(next);
        shrinkSessions(null);
        live.add(next);
      } catch (RuntimeException e) {
        if (DeviceFault.of(e) != DeviceFault.NONE) {
          postpone(next, spare, e);
          return;
        }
        fail(next, e);
      }
    }
  }

  // Those who are live may need less soon; alone it gets what can be given up. Where nothing could
  // be, it is not tried again before somebody leaves.
  private void postpone(Sequence next, long spareBefore, RuntimeException cause) {
    next.close();
    waiting.add(next);
    if (live.isEmpty() || DeviceFault.of(cause) == DeviceFault.STICKY) {
      recover(List.of(next), cause);
    } else {
      LOG.warn("no memory for generation {} now: it waits", next.request.id());
      boolean idle = sessions.bytes() > 0;
      sessions.clear();
      trimIfPossible();
      refused = idle || caches.spare() > spareBefore ? null : next;
    }
  }

  // Evicts no sequence unless that makes enough room.
  private boolean makeRoom(Sequence next) {
    Iterator<Sequence> lower =
        live.stream()
            .filter(each -> each.request.priority() < next.request.priority())
            .sorted(AdmissionQueue.FAIR.reversed())
            .iterator();
    List<Sequence> leaving = new ArrayList<>();
    while (live.size() - leaving.size() >= maxLive || !caches.fits(next, leaving)) {
      if (!lower.hasNext()) {
        return live.isEmpty(); // what does not fit alone fails: it would wait forever
      }
      leaving.add(lower.next());
    }
    leaving.forEach(this::evict);
    return true;
  }

  // It is prefilled again when it gets another place; what it has emitted stays emitted.
  private void evict(Sequence sequence) {
    LOG.debug("generation {} makes room for one of higher priority", sequence.request.id());
    evictions++;
    live.remove(sequence);
    sequence.close();
    refused = null;
    waiting.add(sequence);
  }

  private void readPages() {
    int left = SessionCaches.ROWS_A_ROUND;
    List<Sequence> reading =
        live.stream().filter(each -> each.reader != null).sorted(AdmissionQueue.FAIR).toList();
    for (Sequence sequence : reading) {
      // One that comes learns at once whether there is anything for it to read.
      int rows = sequence.reader.rows() == 0 ? Math.max(1, left) : left;
      try {
        left -= rows > 0 ? sessions.read(sequence, rows) : 0;
      } catch (RuntimeException e) {
        sessions.stopReading(sequence);
        recover(List.of(sequence), e);
      }
    }
  }

  private void decode(List<Sequence> ready, List<Prefill.Part> parts) {
    if (ready.isEmpty() && parts.isEmpty()) {
      return;
    }
    List<DecodeCycle.Outcome> outcomes;
    try {
      outcomes = cycle.run(ready, parts, pressure.speculates());
    } catch (RuntimeException e) {
      List<Sequence> involved = new ArrayList<>(ready);
      parts.forEach(part -> involved.add(part.sequence()));
      recover(involved, e);
      return;
    }
    if (!outcomes.isEmpty()) {
      pressure.cycleDone();
    }
    outcomes.forEach(this::deliver);
    List<Sequence> reading = prefill.dueForHead(live);
    try {
      prefill.readByHead(reading);
    } catch (RuntimeException e) {
      recover(reading, e);
    }
  }

  private void recover(List<Sequence> involved, RuntimeException cause) {
    switch (DeviceFault.of(cause)) {
      case STICKY -> throw lost(cause);
      case OUT_OF_MEMORY -> relieve(involved, cause);
      case NONE -> failTogether(involved, cause);
    }
  }

  private static DeviceLostException lost(RuntimeException cause) {
    return new DeviceLostException("the device is lost to this process", cause);
  }

  // A pass without the memory it needs leaves all context as it was: it is run again when there is
  // more.
  private void relieve(List<Sequence> involved, RuntimeException cause) {
    boolean drafting = involved.stream().anyMatch(sequence -> sequence.policy.drafts());
    MemoryPressure.Relief relief = pressure.next(drafting, sessions.bytes() > 0);
    LOG.warn("the device's memory ran out: {}", relief.description());
    switch (relief) {
      case SPECULATION -> trimIfPossible();
      case SESSIONS -> {
        sessions.clear();
        trimIfPossible();
      }
      case REQUEST -> failTogether(List.of(Collections.max(involved, AdmissionQueue.FAIR)), cause);
      case DEVICE ->
          throw new DeviceLostException(
              "the device's memory runs out whatever is given up; lower --cache-mb", cause);
    }
  }

  // A pass that fails leaves the caches of all its sequences in doubt.
  private void failTogether(List<Sequence> sequences, RuntimeException cause) {
    live.removeAll(sequences);
    waiting.removeIf(sequences::contains);
    sequences.forEach(sequence -> fail(sequence, cause));
    trimIfPossible();
  }

  private void trimIfPossible() {
    ifPossible(this::trim);
  }

  private static void ifPossible(Runnable release) {
    try {
      release.run();
    } catch (RuntimeException e) {
      LOG.warn("memory that no generation uses was not given back", e);
    }
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

  private void end(Sequence sequence, FinishReason reason) {
    live.remove(sequence);
    leave(sequence, reason);
  }

  private void leave(Sequence sequence, FinishReason reason) {
    if (reason != null) {
      sessions.park(sequence);
    }
    release(sequence, reason == null ? null : SequenceResult.of(sequence, reason));
    shrinkSessions(null);
  }

  // Makes room for the caches of one that is to come, if any, whose session stays. What no live
  // sequence uses goes before any session, where that takes no more copying than it brings.
  private void shrinkSessions(Sequence next) {
    long wanted = sessions.bytes() + bytesToOpen(next) - caches.spare();
    if (wanted > 0) {
      ifPossible(() -> caches.giveBack(wanted));
      SessionPages kept = next == null ? null : next.request.session();
      sessions.shrink(caches.spare() - bytesToOpen(next), kept == null ? null : kept.session());
    }
  }

  private long bytesToOpen(Sequence next) {
    return next == null ? 0 : caches.bytesToOpen(next);
  }

  private void fail(Sequence sequence, Throwable cause) {
    LOG.error("generation {} failed in the engine", sequence.request.id(), cause);
    release(sequence, SequenceResult.failed(sequence, cause));
  }

  // Its place is free before its listener hears of the end: a listener may submit the next.
  private void release(Sequence sequence, GenerationResult result) {
    sequence.close();
    refused = null;
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
