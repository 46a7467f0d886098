package io.heterospec.topology.generate;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RecordHeader;
import io.heterospec.schemas.StepTelemetry;
import java.time.Duration;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The output topics of one task. A punctuation has no source record, so the key and the headers of
 * what is forwarded come from the stored request. Readers of committed text wait for commits, but
 * every commit is a transaction on the broker: they are asked for at a bounded rate.
 */
public final class Output {

  /** Names of the children that send to the output topics. */
  public record Children(String deltas, String completions, String telemetry) {}

  /** Completions wait for this part of the commit interval: whoever reads one can go on. */
  private static final int COMPLETION_HASTE = 4;

  private final ProcessorContext<String, SpecificRecord> context;
  private final Children children;
  private final long commitIntervalMs;
  private boolean uncommitted;
  private boolean completed; // and not committed
  private boolean asked; // for a commit that has been made when this is looked at next
  private long lastCommitMs;

  Output(
      ProcessorContext<String, SpecificRecord> context,
      Children children,
      Duration commitInterval) {
    this.context = context;
    this.children = children;
    this.commitIntervalMs = commitInterval.toMillis();
  }

  void delta(PendingGeneration generation, GenerationDelta delta) {
    forward(generation, delta, children.deltas());
  }

  void telemetry(PendingGeneration generation, StepTelemetry step) {
    forward(generation, step, children.telemetry());
  }

  void completion(PendingGeneration generation, Completion completion) {
    forward(generation, completion, children.completions());
    completed = true;
  }

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

  /**
   * Asks for a commit when something was forwarded and the last one is long enough ago. Time counts
   * from the end of the last one: where commits take longer than their interval they would follow
   * each other, with one record processed in between.
   */
  void commitIfDue() {
    long now = context.currentSystemTimeMs();
    if (asked) {
      lastCommitMs = now;
      asked = false;
    }
    long wait = completed ? commitIntervalMs / COMPLETION_HASTE : commitIntervalMs;
    if (uncommitted && now - lastCommitMs >= wait) {
      commit();
      asked = true;
    }
  }

  /** Asks for a commit when something was forwarded since the last. */
  void commit() {
    if (uncommitted) {
      context.commit();
      uncommitted = false;
      completed = false;
    }
  }
}
