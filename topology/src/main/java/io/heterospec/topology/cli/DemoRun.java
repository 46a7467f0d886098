package io.heterospec.topology.cli;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;

/** A load through the topics: requests are published at a pace. What is read goes to a report. */
final class DemoRun implements EventReader.Handler {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration SILENCE_LIMIT = Duration.ofMinutes(5);

  /** What is done and asked between two polls. */
  interface Watch {
    /**
     * @return false to stop
     * @throws IllegalStateException when there is nothing to wait for any more
     */
    boolean goOn();
  }

  private final EventReader reader;
  private final PromptPublisher publisher;
  private final Consumer<String> onPublishing;
  private final DemoReport report;
  private final Queue<PromptEvent> waiting;
  private final Pace pace;
  private final Set<String> inFlight = new HashSet<>();
  private long start;
  private long lastEventNanos;

  /**
   * @param report of these prompts
   * @param onPublishing called with each request's id before it is published
   */
  DemoRun(
      EventReader reader,
      PromptPublisher publisher,
      DemoReport report,
      Collection<PromptEvent> prompts,
      Pace pace,
      Consumer<String> onPublishing) {
    this.reader = reader;
    this.publisher = publisher;
    this.report = report;
    this.onPublishing = onPublishing;
    this.waiting = new ArrayDeque<>(prompts);
    this.pace = pace;
  }

  /**
   * Publishes everything and reads until the report is complete.
   *
   * @return seconds from the start to the last record; negative when the watch stopped it
   * @throws IllegalStateException when nothing comes any more
   */
  double run(Watch watch) throws InterruptedException {
    start = System.nanoTime();
    lastEventNanos = start;
    publishDue();
    while (!report.complete()) {
      reader.poll(untilNext(), this);
      publishDue();
      if (!watch.goOn()) {
        return -1;
      }
      if (isSilent()) {
        throw new IllegalStateException(
            "%d prompts were answered, then nothing more came".formatted(report.completed()));
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    reader.poll(POLL, this); // anything that comes too often comes now
    return seconds;
  }

  // Not while nothing is in flight because the next has yet to arrive.
  private boolean isSilent() {
    return (waiting.isEmpty() || !inFlight.isEmpty())
        && System.nanoTime() - lastEventNanos > SILENCE_LIMIT.toNanos();
  }

  private Duration untilNext() {
    return waiting.isEmpty()
        ? POLL
        : Duration.ofNanos(Math.max(0, Math.min(POLL.toNanos(), nanosToNext())));
  }

  private long nanosToNext() {
    return pace.nanosToNext(inFlight.size(), System.nanoTime() - start);
  }

  private void publishDue() throws InterruptedException {
    while (!waiting.isEmpty() && nanosToNext() <= 0) {
      PromptEvent prompt = waiting.poll();
      pace.sent();
      inFlight.add(prompt.getRequestId());
      onPublishing.accept(prompt.getRequestId());
      publisher.publish(prompt);
      lastEventNanos = System.nanoTime();
    }
  }

  @Override
  public void onDelta(GenerationDelta delta) {
    lastEventNanos = System.nanoTime();
    report.onDelta(delta);
  }

  @Override
  public void onTelemetry(StepTelemetry step) {
    lastEventNanos = System.nanoTime();
    report.onTelemetry(step);
  }

  @Override
  public void onCompletion(Completion completion) {
    lastEventNanos = System.nanoTime();
    inFlight.remove(completion.getRequestId());
    report.onCompletion(completion);
  }
}
