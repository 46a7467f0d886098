package io.heterospec.topology.cli;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/** A load through the topics: requests are published at a pace. What is read goes to a report. */
final class DemoRun implements EventReader.Handler {
  private static final Duration POLL = Duration.ofMillis(50);

  /** A load that nothing comes from for so long is over. */
  static final Duration SILENCE_LIMIT = Duration.ofMinutes(5);

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
  private final PacedQueue<PromptEvent> waiting;
  private final Set<String> inFlight = new HashSet<>();
  private long lastEventNanos;

  /**
   * Starts the clock.
   *
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
    this.waiting = new PacedQueue<>(prompts, pace);
  }

  /**
   * Publishes everything and reads until the report is complete.
   *
   * @return seconds from the start to the last record; negative when the watch stopped it
   * @throws IllegalStateException when nothing comes any more
   */
  double run(Watch watch) throws InterruptedException {
    lastEventNanos = System.nanoTime();
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
    double seconds = waiting.seconds();
    reader.poll(POLL, this); // anything that comes too often comes now
    return seconds;
  }

  // Not while nothing is in flight because the next has yet to arrive.
  private boolean isSilent() {
    return (waiting.isEmpty() || !inFlight.isEmpty())
        && System.nanoTime() - lastEventNanos > SILENCE_LIMIT.toNanos();
  }

  private Duration untilNext() {
    long nanos = Math.min(POLL.toNanos(), waiting.nanosToNext(inFlight.size()));
    return Duration.ofNanos(Math.max(0, nanos));
  }

  private void publishDue() throws InterruptedException {
    for (PromptEvent prompt = waiting.takeDue(inFlight.size());
        prompt != null;
        prompt = waiting.takeDue(inFlight.size())) {
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
