package io.heterospec.topology.generate;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.topology.route.ErrorCodes;
import io.heterospec.topology.route.InvalidRequestException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Gives the engine what may run and knows what it runs. What the engine has no place for stays in
 * the store and is offered again by the next call, so that a backlog costs a call nothing. A dead
 * engine is offered nothing: the process hands over, and its work waits in the store for whoever
 * takes the task over.
 */
final class Dispatcher {

  /** Ends a generation that the model can never run. */
  interface Refusal {
    void refuse(PendingGeneration generation, InvalidRequestException reason);
  }

  // What is offered is rendered and encoded first: a millisecond each, many in a new process. In a
  // burst an idle engine takes hundreds, and the stream thread must get back to its consumer.
  private static final long OFFERING_NANOS = 20_000_000;

  private final DecodeEngine engine;
  private final PendingWork pending;
  private final Submission submission;
  private final Outbox outbox;
  private final Retries retries;
  private final Predicate<String> cancelled;
  private final Refusal refusal;
  private final Map<String, Running> byEngineId = new HashMap<>();
  private final Map<String, Running> byRequestId = new HashMap<>();
  private long offeringNanos; // spent on offers since there was new time for them
  private Running next; // prepared, but the engine was full: it is not prepared for every offer

  /**
   * @param cancelled whether a request was cancelled and has not ended
   */
  Dispatcher(
      DecodeEngine engine,
      PendingWork pending,
      Submission submission,
      Outbox outbox,
      Retries retries,
      Predicate<String> cancelled,
      Refusal refusal) {
    this.engine = engine;
    this.pending = pending;
    this.submission = submission;
    this.outbox = outbox;
    this.retries = retries;
    this.cancelled = cancelled;
    this.refusal = refusal;
  }

  /** Offers ready generations until the engine is full or the time for offers is used up. */
  void dispatch(long nowMs) {
    for (String id = retries.takeDue(nowMs); id != null; id = retries.takeDue(nowMs)) {
      pending.again(id);
    }
    boolean goOn = engine.healthy();
    while (goOn && offeringNanos < OFFERING_NANOS) {
      long start = System.nanoTime();
      String id = pending.nextReady();
      goOn = id != null && submit(id, nowMs);
      offeringNanos += System.nanoTime() - start;
    }
  }

  /** Gives new time for offers. */
  void renew() {
    offeringNanos = 0;
  }

  // False when the engine is full or dead.
  private boolean submit(String id, long nowMs) {
    try {
      Running running = prepared(id).offeredAt(nowMs);
      if (!offer(running)) {
        return false;
      }
      pending.started(id);
      byEngineId.put(running.engineId(), running);
      byRequestId.put(id, running);
      if (cancelled.test(id)) {
        cancel(id);
      }
    } catch (InvalidRequestException e) {
      refusal.refuse(pending.get(id), e);
    }
    next = null;
    return true;
  }

  private Running prepared(String id) {
    if (next == null || !next.requestId().equals(id)) {
      PendingGeneration stored = pending.get(id);
      Progress progress = pending.progress(id);
      PendingGeneration encoded = submission.encoded(stored, progress);
      if (encoded != stored) {
        pending.update(encoded);
      }
      next = new Running(id + '@' + UUID.randomUUID(), encoded, progress, 0);
    }
    return next;
  }

  private boolean offer(Running running) {
    try {
      return engine.submit(
          submission.request(running.engineId(), running.pending(), running.progress()), outbox);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(ErrorCodes.INVALID_REQUEST, e.getMessage());
    } catch (IllegalStateException e) {
      if (engine.healthy()) {
        throw e;
      }
      return false; // it died just now
    }
  }

  /** The generation of a submission; null when the submission is over. */
  Running running(String engineId) {
    return byEngineId.get(engineId);
  }

  /** Notes that a submission is over. */
  void ended(Running running) {
    byEngineId.remove(running.engineId());
    byRequestId.remove(running.requestId());
  }

  /** Notes a failed submission; the request is offered again after a while. */
  void retry(Running failed, long nowMs) {
    ended(failed);
    int failures = failed.pending().getAttempt() + 1;
    pending.update(PendingGeneration.newBuilder(failed.pending()).setAttempt(failures).build());
    pending.stopped(failed.requestId());
    retries.add(failed.requestId(), failures, nowMs);
  }

  /** Asks the engine to stop a request; false when the engine does not run it. */
  boolean cancel(String requestId) {
    Running running = byRequestId.get(requestId);
    if (running != null) {
      engine.cancel(running.engineId());
    }
    return running != null;
  }

  /** Stops everything without waiting; events that still come belong to no submission. */
  void abandonAll() {
    byEngineId.keySet().forEach(engine::abandon);
    byEngineId.clear();
    byRequestId.clear();
  }
}
