package io.heterospec.processor.engine;

/** Why a generation ended. */
public enum FinishReason {
  /** An end-of-sequence token or a stop sequence was produced. */
  STOP,
  /** {@code maxTokens} or the context length was reached. */
  LENGTH,
  /** The request was cancelled, or its deadline passed. */
  CANCELLED,
  /** The engine could not finish; see the result's error. */
  FAILED
}
