package io.heterospec.topology.gateway;

import io.heterospec.schemas.Completion;

/**
 * Follows one generation. The calls come one after the other, {@link #onText} before the one call
 * that ends it, from threads that serve all generations: an observer must not block.
 */
public interface GenerationObserver {

  /** Text was added; never empty. */
  void onText(String text);

  /**
   * The generation ended, perhaps FAILED or CANCELLED; the text it ended with, if any, has been
   * given out.
   */
  void onEnd(Completion completion);

  /** No end will be seen: the cluster or this gateway is at fault. */
  void onLost(GatewayException reason);

  /** Called every second while it goes on. */
  default void onTick() {}
}
