package io.heterospec.topology.gateway;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.client.TextAssembly;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A generation that was published and has not ended, as its observer is to see it. */
final class OpenGeneration {
  private static final Logger LOG = LoggerFactory.getLogger(OpenGeneration.class);

  private final PromptEvent prompt;
  private final GenerationObserver observer;
  private final TextAssembly text = new TextAssembly();
  private final long deadlineNanos;
  private final boolean awaited;
  private boolean over;

  /**
   * @param deadlineNanos of {@link System#nanoTime}, when it is given up
   * @param awaited whether somebody waits for it here, so that nobody needs it without them
   */
  OpenGeneration(
      PromptEvent prompt, GenerationObserver observer, long deadlineNanos, boolean awaited) {
    this.prompt = prompt;
    this.observer = observer;
    this.deadlineNanos = deadlineNanos;
    this.awaited = awaited;
  }

  boolean isAwaited() {
    return awaited;
  }

  private String id() {
    return prompt.getRequestId();
  }

  PromptEvent prompt() {
    return prompt;
  }

  boolean isLate(long nowNanos) {
    return nowNanos - deadlineNanos > 0;
  }

  synchronized void onDelta(GenerationDelta delta) {
    String fresh = over ? "" : text.add(delta);
    if (!fresh.isEmpty()) {
      observer.onText(fresh);
    }
  }

  synchronized void onTick() {
    if (!over) {
      observer.onTick();
    }
  }

  synchronized void onEnd(Completion completion) {
    if (over) {
      return;
    }
    over = true;
    if (text.hasGap()) {
      LOG.warn("deltas of request {} were missing; their text came with its end", id());
    }
    try {
      String rest = text.rest(completion);
      if (!rest.isEmpty()) {
        observer.onText(rest);
      }
    } catch (TextAssembly.TextChangedException e) {
      observer.onLost(
          new GatewayException(
              GatewayException.Reason.TEXT_CHANGED, e.getMessage(), Duration.ZERO));
      return;
    }
    observer.onEnd(completion);
  }

  synchronized void onLost(GatewayException reason) {
    if (!over) {
      over = true;
      observer.onLost(reason);
    }
  }
}
