package io.heterospec.topology.generate;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordHeader;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.topology.route.ErrorCodes;
import io.heterospec.topology.route.InvalidRequestException;
import io.heterospec.topology.route.PromptRouter;
import io.heterospec.topology.session.RequestIds;
import io.heterospec.topology.session.SessionKv;
import io.heterospec.topology.session.Sessions;
import io.heterospec.topology.session.Stores;
import io.heterospec.topology.telemetry.GenerationMetrics;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Owns the pending generations of one task and talks to the engine.
 *
 * <p>{@link #process} stores a request and returns; it never waits for the engine. A wall-clock
 * punctuator takes what the engine's thread left in the outbox, forwards it and records progress:
 * text, telemetry, progress, transcript and the end of a request go into one transaction each time
 * the task commits. After a crash {@link #init} submits every pending generation again with the
 * tokens already committed as its prefix. The stream thread owns everything here but the outbox.
 */
public final class GenerateProcessor
    implements Processor<String, SpecificRecord, String, SpecificRecord> {

  /** Names of the children that send to the output topics. */
  public record Children(String deltas, String completions, String telemetry) {}

  // Pages are large: what they cost a punctuation stays within a few milliseconds.
  private static final int PAGES_AT_ONCE = 4;
  private static final Duration EXPIRY_INTERVAL = Duration.ofMinutes(1);

  private final DecodeEngine engine;
  private final GenerateSettings settings;
  private final Children children;
  private final GenerationMetrics metrics;
  private final Outbox outbox = new Outbox();
  private final Map<String, Running> runningByEngineId = new HashMap<>();
  private final Map<String, Running> runningByRequestId = new HashMap<>();
  private ProcessorContext<String, SpecificRecord> context;
  private PendingWork pending;
  private Sessions sessions;
  private SessionKv pages;
  private RequestIds requestIds;
  private Submission submission;
  private boolean uncommitted;
  private long lastCommitMs;

  public GenerateProcessor(
      DecodeEngine engine,
      GenerateSettings settings,
      Children children,
      GenerationMetrics metrics) {
    this.engine = engine;
    this.settings = settings;
    this.children = children;
    this.metrics = metrics;
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
    submission = new Submission(engine, sessions, pages);
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
      cancel(cancel.getRequestId());
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
    long seed = prompt.getSampling().getSeed();
    PendingGeneration generation =
        PendingGeneration.newBuilder()
            .setRequest(request)
            .setSeed(seed)
            .setOrigin(
                PromptRouter.origin(context.recordMetadata().orElseThrow(), record.timestamp()))
            .setHeaders(headers(record.headers()))
            .setEnqueuedAt(now())
            .build();
    pending.add(generation);
    if (requestIds.takeCancelled(id)) {
      end(generation, Records.ended(generation, FinishReason.CANCELLED, null, now()));
    } else if (pending.isHead(generation)) {
      submit(id);
    }
  }

  private void cancel(String id) {
    Running running = runningByRequestId.get(id);
    if (running != null) {
      engine.cancel(running.engineId());
      return;
    }
    PendingGeneration waiting = pending.get(id);
    if (waiting != null) {
      end(waiting, Records.ended(waiting, FinishReason.CANCELLED, null, now()));
    } else if (!requestIds.isFinished(id)) {
      requestIds.cancelledEarly(id, context.currentSystemTimeMs());
    }
  }

  private void punctuate() {
    for (int i = 0; i < settings.workBudget(); i++) {
      Object event = outbox.poll();
      if (event == null) {
        break;
      }
      if (event instanceof GenerationStep step) {
        onStep(step);
      } else {
        onFinished((GenerationResult) event);
      }
    }
    for (String id : pending.heads()) {
      if (!submit(id)) {
        break; // the engine is full
      }
    }
    uncommitted |= pages.flush(PAGES_AT_ONCE);
    commitIfDue();
  }

  /** Offers a head to the engine; false when the engine is full, and it stays in the store. */
  private boolean submit(String id) {
    if (runningByRequestId.containsKey(id)) {
      return true;
    }
    PendingGeneration stored = pending.get(id);
    Progress progress = pending.progress(id);
    try {
      PendingGeneration encoded = submission.encoded(stored, progress);
      String engineId = id + '@' + UUID.randomUUID();
      Running running = new Running(engineId, encoded, progress, context.currentSystemTimeMs());
      if (!offer(running)) {
        return false;
      }
      if (encoded != stored) {
        pending.update(encoded);
      }
      runningByEngineId.put(engineId, running);
      runningByRequestId.put(id, running);
    } catch (InvalidRequestException e) {
      end(
          stored,
          Records.ended(
              stored, FinishReason.FAILED, Records.error(e.code(), e.getMessage()), now()));
    }
    return true;
  }

  private boolean offer(Running running) {
    try {
      return engine.submit(
          submission.request(running.engineId(), running.pending(), running.progress()), outbox);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(ErrorCodes.INVALID_REQUEST, e.getMessage());
    }
  }

  private void onStep(GenerationStep step) {
    Running running = runningByEngineId.get(step.requestId());
    if (running == null) {
      return; // of a submission that is over
    }
    PromptEvent prompt = running.prompt();
    int cycle = running.progress().cycles();
    forward(
        running.pending(),
        Records.delta(prompt, step.tokenOffset(), step.tokenIds(), step.text(), now()),
        children.deltas());
    forward(running.pending(), Records.telemetry(prompt, step, cycle, now()), children.telemetry());
    pending.append(running.requestId(), running.progress().add(step));
    metrics.cycle(step);
  }

  private void onFinished(GenerationResult result) {
    Running running = runningByEngineId.remove(result.requestId());
    if (running == null) {
      return;
    }
    runningByRequestId.remove(running.requestId());
    PendingGeneration generation = running.pending();
    boolean failed = result.finishReason().name().equals(FinishReason.FAILED.name());
    if (failed && result.retryable() && generation.getAttempt() + 1 < settings.maxAttempts()) {
      pending.update(
          PendingGeneration.newBuilder(generation).setAttempt(generation.getAttempt() + 1).build());
      metrics.retry();
      return; // the next punctuation submits it again, from what was published
    }
    publishTail(running, result);
    double queueMs =
        running.offeredMs() - generation.getEnqueuedAt().toEpochMilli() + result.queueNanos() / 1e6;
    Completion completion =
        Records.completion(generation, result, running.progress(), queueMs, now());
    if (!failed && generation.getRequest().getPrompt().getSessionId() != null) {
      sessions.append(
          generation.getRequest().getPrompt().getSessionId(),
          running.requestId(),
          generation.getModelFingerprint(),
          generation.getPromptTokenIds().stream().mapToInt(Integer::intValue).toArray(),
          completion.getTokenIds(),
          now());
    }
    end(generation, completion);
  }

  // Text that was held back for an unfinished character or a possible stop sequence.
  private void publishTail(Running running, GenerationResult result) {
    int published = running.progress().textChars();
    if (result.text().length() > published) {
      int offset = running.progress().tokens().size();
      String tail = result.text().substring(published);
      forward(
          running.pending(),
          Records.delta(running.prompt(), offset, new int[0], tail, now()),
          children.deltas());
    }
  }

  /** The one end of a generation: its completion goes out and nothing of it stays pending. */
  private void end(PendingGeneration generation, Completion completion) {
    forward(generation, completion, children.completions());
    requestIds.finished(completion.getRequestId(), context.currentSystemTimeMs());
    pending.remove(generation);
    metrics.finished(completion);
  }

  // A punctuation has no source record: key, time and headers come from the stored request.
  private void forward(PendingGeneration generation, SpecificRecord value, String child) {
    PromptEvent prompt = generation.getRequest().getPrompt();
    String key = prompt.getSessionId() == null ? prompt.getRequestId() : prompt.getSessionId();
    Headers headers = new RecordHeaders();
    for (RecordHeader header : generation.getHeaders()) {
      headers.add(header.getKey(), header.getValue() == null ? null : header.getValue().array());
    }
    context.forward(new Record<>(key, value, context.currentSystemTimeMs(), headers), child);
    uncommitted = true;
  }

  // Readers of committed text wait for this, but every commit is a transaction on the broker.
  private void commitIfDue() {
    long now = context.currentSystemTimeMs();
    if (uncommitted && now - lastCommitMs >= settings.commitInterval().toMillis()) {
      context.commit();
      uncommitted = false;
      lastCommitMs = now;
    }
  }

  private void expire(long nowMs) {
    for (String idle : sessions.expire(Instant.ofEpochMilli(nowMs).minus(settings.sessionTtl()))) {
      pages.delete(idle);
      engine.forget(idle);
    }
    requestIds.expire(nowMs - settings.requestIdRetention().toMillis());
  }

  @Override
  public void close() {
    // No waiting: what is not committed will be decoded again, from what is.
    runningByEngineId.keySet().forEach(engine::abandon);
    if (pages != null) {
      pages.close();
    }
    runningByEngineId.clear();
    runningByRequestId.clear();
  }

  private Instant now() {
    return Instant.ofEpochMilli(context.currentSystemTimeMs());
  }

  private static List<RecordHeader> headers(Headers headers) {
    List<RecordHeader> stored = new ArrayList<>();
    for (Header header : headers) {
      ByteBuffer value = header.value() == null ? null : ByteBuffer.wrap(header.value());
      stored.add(RecordHeader.newBuilder().setKey(header.key()).setValue(value).build());
    }
    return stored;
  }
}
