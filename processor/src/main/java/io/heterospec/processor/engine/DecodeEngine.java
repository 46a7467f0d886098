package io.heterospec.processor.engine;

import io.heterospec.processor.text.TextModel;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Decodes many sequences on one device. One thread owns the models and caches; every method here
 * may be called from any thread and returns at once, except {@link #close()}.
 */
public interface DecodeEngine extends AutoCloseable {

  /**
   * Offers a generation.
   *
   * @return false when the engine holds its limit of live and queued requests: keep the work and
   *     offer it again
   * @throws IllegalArgumentException when the request can never run: more tokens than the context
   *     length, a token id outside the vocabulary, an unknown policy
   * @throws IllegalStateException when the engine is closed or its thread has died
   */
  boolean submit(GenerationRequest request, GenerationListener listener);

  /**
   * Stops a generation before its next cycle; its listener then gets a CANCELLED result. Unknown
   * and finished ids are ignored.
   */
  void cancel(String requestId);

  /** Stops a generation before its next cycle without any further event to its listener. */
  void abandon(String requestId);

  /** Gives up what the device keeps of a session between its turns. */
  void forget(String session);

  /** Tokens that the device keeps of each session between its turns: a view, which changes. */
  Map<String, Integer> sessions();

  /** Bytes that a token takes in the caches of target and head together. */
  long cacheRowBytes();

  /** Generations admitted or queued. */
  int load();

  /** The model this engine serves. */
  TextModel model();

  /** Whether the engine's thread is alive and its device usable. */
  boolean healthy();

  /**
   * Names what shall hear of the engine's death: a device that is lost, or an error nobody expects.
   * It is told at once where that has happened already, otherwise on the engine's thread; closing
   * is no death.
   */
  default void onDeath(Consumer<Throwable> listener) {
    // Engines without a device of their own do not die.
  }

  /** Stops the engine thread and releases the models and caches. */
  @Override
  void close();
}
