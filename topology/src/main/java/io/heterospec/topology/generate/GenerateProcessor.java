package io.heterospec.topology.generate;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.CompletionError;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationProgress;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.SessionState;
import io.heterospec.topology.route.ErrorCodes;
import io.heterospec.topology.route.InvalidRequestException;
import io.heterospec.topology.route.PromptRules;
import io.heterospec.topology.route.RecordLimit;
import io.heterospec.topology.session.RequestIds;
import io.heterospec.topology.session.SessionKv;
import io.heterospec.topology.session.Sessions;
import io.heterospec.topology.session.Stores;
import io.heterospec.topology.session.Transcript;
import io.heterospec.topology.telemetry.GenerationEnd;
import io.heterospec.topology.telemetry.GenerationMetrics;
import io.heterospec.topology.telemetry.RequestTraces;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the pending generations of one task and talks to the engine.
 *
 * <p>{@link #process} stores a request and returns; it never waits for the engine. A wall-clock
 * punctuator takes what the engine's thread left in the outbox, forwards it and records progress:
 * text, telemetry, progress, transcript and the end of a request go into one transaction each time
 * the task commits. After a crash {@link #init} finds every pending generation in the store, and
 * they are submitted again with the tokens already committed as their prefix. The stream thread
 * owns everything here but the outbox.
 */
public final class GenerateProcessor
    implements Processor<String, SpecificRecord, String, SpecificRecord> {
  private static final Logger LOG = LoggerFactory.getLogger(GenerateProcessor.class);

  // Pages are large: what they cost a punctuation stays within a few milliseconds.
  private static final int PAGES_AT_ONCE = 4;
  private static final Duration EXPIRY_INTERVAL = Duration.ofSeconds(1);

  private final DecodeEngine engine;
  private final GenerateSettings settings;
  private final Output.Children children;
  private final GenerationMetrics metrics;
  private final RequestTraces traces;
  private final Handover handover;
  private final Outbox outbox = new Outbox();
  private ProcessorContext<String, SpecificRecord> context;
  private PendingWork pending;
  private Sessions sessions;
  private SessionKv pages;
  private RequestIds requestIds;
  private Dispatcher dispatcher;
  private Output output;

  /**
   * @param children names of the children that send to the output topics
   */
  public GenerateProcessor(
      DecodeEngine engine,
      GenerateSettings settings,
      Output.Children children,
      GenerationMetrics metrics,
      RequestTraces traces,
      Handover handover) {
    this.engine = engine;
    this.settings = settings;
    this.children = children;
    this.metrics = metrics;
    this.traces = traces;
    this.handover = handover;
  }

  @Override
  public void init(ProcessorContext<String, SpecificRecord> processorContext) {
    context = processorContext;
    pending =
        new PendingWork(
            context.getStateStore(Stores.PENDING), context.getStateStore(Stores.PROGRESS));
    sessions = new Sessions(context.getStateStore(Stores.SESSIONS));
    requestIds = new RequestIds(context.getStateStore(Stores.REQUEST_IDS));
    pages = new SessionKv(context.getStateStore(Stores.SESSION_KV));
    output = new Output(context, children, settings.commitInterval());
    dispatcher =
        new Dispatcher(
            engine,
            pending,
            new Submission(
                engine, sessions, pages, settings.sessionOverflow(), settings.recordLimit()),
            outbox,
            new Retries(settings.retryBackoff()),
            requestIds::isCancelled,
            this::refuse);
    metrics.pending(pending.size());
    handover.join(this);
    context.schedule(
        settings.punctuateInterval(), PunctuationType.WALL_CLOCK_TIME, now -> punctuate());
    context.schedule(EXPIRY_INTERVAL, PunctuationType.WALL_CLOCK_TIME, this::expire);
    // Restored work is submitted by the first punctuation: nothing may be forwarded from here.
  }

  @Override
  public void process(Record<String, SpecificRecord> record) {
    if (record.value() instanceof RoutedRequest request) {
      accept(request, record);
    } else if (record.value() instanceof CancelEvent cancel) {
      if (PromptRules.isId(cancel.getRequestId())) {
        cancel(cancel.getRequestId());
      } else {
        ignored(context.recordMetadata().orElseThrow());
      }
    } else {
      throw new InvalidRequestException(
          ErrorCodes.INVALID_REQUEST, "the record has no value; send a request or a cancellation");
    }
  }

  private void accept(RoutedRequest request, Record<String, SpecificRecord> record) {
    PromptEvent prompt = request.getPrompt();
    String id = prompt.getRequestId();
    if (pending.contains(id)
        || requestIds.isFinished(id)
        || sessions.hasFinished(prompt.getSessionId(), id)) {
      metrics.duplicate();
      return;
    }
    PendingGeneration generation =
        Records.pending(request, record, context.recordMetadata().orElseThrow(), now());
    pending.add(generation);
    metrics.pending(1);
    if (requestIds.isCancelled(id)) {
      endWithoutEngine(generation, FinishReason.CANCELLED, null);
    } else {
      dispatch();
    }
  }

  // Kept until its prompt comes, it might fit in no record of the changelog.
  private static void ignored(RecordMetadata at) {
    LOG.warn(
        "ignored the cancellation {}-{}@{}: no request can have its id",
        at.topic(),
        at.partition(),
        at.offset());
  }

  // What the engine runs, or has published text of, is the engine's to end: it has the text. Should
  // it not come to that now, the next submission is cancelled at once.
  private void cancel(String id) {
    boolean running = dispatcher.cancel(id);
    if (!running && pending.contains(id) && !pending.hasProgress(id)) {
      endWithoutEngine(pending.get(id), FinishReason.CANCELLED, null);
    } else if (!requestIds.isFinished(id)) {
      requestIds.cancelled(id, context.currentSystemTimeMs());
    }
  }

  private void punctuate() {
    for (Drained drained : outbox.drain(settings.workBudget())) {
      Running running = dispatcher.running(drained.engineId());
      if (running != null) { // otherwise of a submission that is over
        publish(running, drained);
      }
    }
    pages.flush(PAGES_AT_ONCE); // nobody waits for their commit
    if (handover.begun()) {
      handOver();
    } else {
      dispatcher.renew();
      endOverdue();
      dispatch();
      output.commitIfDue();
    }
  }

  // Of what waits in the store; what the engine has, it ends itself.
  private void endOverdue() {
    long nowMs = context.currentSystemTimeMs();
    for (int i = 0; i < settings.workBudget(); i++) {
      String id = pending.nextOverdue(nowMs);
      if (id == null) {
        break;
      }
      endWithoutEngine(pending.get(id), FinishReason.CANCELLED, null);
    }
  }

  // A cycle that the engine is in the middle of is lost: the next owner computes it again.
  private void handOver() {
    dispatcher.abandonAll();
    output.commit();
    handover.leave(this);
  }

  private void dispatch() {
    if (!handover.begun()) {
      dispatcher.dispatch(context.currentSystemTimeMs());
    }
  }

  private void refuse(PendingGeneration generation, InvalidRequestException reason) {
    endWithoutEngine(
        generation, FinishReason.FAILED, Records.error(reason.code(), reason.getMessage()));
  }

  private void publish(Running running, Drained drained) {
    GenerationResult result = drained.result();
    boolean again = result != null && mayRetry(running, result);
    publishText(running, drained.steps(), again ? null : result);
    if (again) {
      dispatcher.retry(running, context.currentSystemTimeMs());
      metrics.retry();
    } else if (result != null) {
      finish(running, result);
    }
  }

  // A last delta also carries the text held back for a possible stop sequence.
  private void publishText(Running running, List<GenerationStep> steps, GenerationResult end) {
    Progress progress = running.progress();
    int offset = progress.tokens().size();
    StringBuilder text = new StringBuilder();
    int cycle = progress.cycles();
    for (GenerationStep step : steps) {
      text.append(step.text());
      output.telemetry(
          running.pending(), Records.telemetry(running.prompt(), step, cycle++, now()));
      metrics.cycle(step);
    }
    List<Integer> tokens = List.of();
    if (!steps.isEmpty()) {
      GenerationProgress added = progress.add(steps);
      pending.append(running.requestId(), added);
      tokens = added.getTokenIds();
    }
    if (end != null) {
      text.append(end.text(), progress.textChars(), end.text().length());
    }
    if (!tokens.isEmpty() || !text.isEmpty()) {
      output.delta(
          running.pending(),
          Records.delta(running.prompt(), offset, tokens, text.toString(), now()));
    }
    if (offset == 0 && !tokens.isEmpty()) {
      metrics.firstToken(running.pending(), now());
    }
  }

  private boolean mayRetry(Running running, GenerationResult result) {
    return isFailure(result)
        && result.retryable()
        && running.pending().getAttempt() + 1 < settings.maxAttempts();
  }

  private static boolean isFailure(GenerationResult result) {
    return result.finishReason() == io.heterospec.processor.engine.FinishReason.FAILED;
  }

  private void finish(Running running, GenerationResult result) {
    dispatcher.ended(running);
    PendingGeneration generation = running.pending();
    double queueMs =
        running.offeredMs() - generation.getEnqueuedAt().toEpochMilli() + result.queueNanos() / 1e6;
    Completion completion =
        Records.completion(generation, result, running.progress(), queueMs, now());
    SessionState session =
        isFailure(result) || running.prompt().getSessionId() == null
            ? null
            : sessionAfter(generation, completion);
    RecordLimit limit = settings.recordLimit();
    if (limit.isExceededBy(completion) || session != null && limit.isExceededBy(session)) {
      if (session != null) {
        sessions.open(session.getSessionId(), now()); // the engine stores pages of it
      }
      endWithoutEngine(
          generation,
          FinishReason.FAILED,
          Records.error(
              ErrorCodes.ANSWER_TOO_LONG,
              "the answer, or the session with it, does not fit in a record of %d bytes; its text is in the deltas; lower max_tokens"
                  .formatted(limit.bytes())));
      return;
    }
    if (session != null) {
      sessions.put(session);
    }
    end(new GenerationEnd(generation, completion, result.cacheTier(), result.secondsPerToken()));
  }

  private SessionState sessionAfter(PendingGeneration generation, Completion completion) {
    return sessions.after(
        completion.getSessionId(),
        completion.getRequestId(),
        generation.getModelFingerprint(),
        new Transcript(
            generation.getPromptTokenIds().stream().mapToInt(Integer::intValue).toArray(),
            generation.getOpeningTokens(),
            generation.getTurnStarts(),
            generation.getHistory()),
        completion.getTokenIds(),
        completion.getText(),
        now());
  }

  private void endWithoutEngine(
      PendingGeneration generation, FinishReason reason, CompletionError error) {
    end(GenerationEnd.withoutEngine(generation, Records.ended(generation, reason, error, now())));
  }

  /** The one end of a generation: its completion goes out and nothing of it stays pending. */
  private void end(GenerationEnd end) {
    output.completion(end.pending(), end.completion());
    requestIds.finished(end.completion().getRequestId(), context.currentSystemTimeMs());
    pending.remove(end.pending());
    metrics.pending(-1);
    metrics.finished(end);
    traces.ended(end);
  }

  private void expire(long nowMs) {
    Instant now = Instant.ofEpochMilli(nowMs);
    Instant before = now.minus(settings.sessionTtl());
    for (String idle : sessions.expire(before, now, pending::hasTurnOf)) {
      pages.delete(idle);
      engine.forget(idle);
    }
    requestIds.expire(nowMs - settings.requestIdRetention().toMillis(), nowMs);
  }

  @Override
  public void close() {
    // No waiting: what is not committed will be decoded again, from what is.
    if (dispatcher != null) { // otherwise init did not come so far
      dispatcher.abandonAll();
      pages.close();
      metrics.pending(-pending.size());
    }
    handover.leave(this);
  }

  private Instant now() {
    return Instant.ofEpochMilli(context.currentSystemTimeMs());
  }
}
