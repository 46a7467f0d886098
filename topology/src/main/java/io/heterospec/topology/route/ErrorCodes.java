package io.heterospec.topology.route;

/** The codes of {@code Completion.error}. */
public final class ErrorCodes {
  /** A field is missing, contradictory or out of range. */
  public static final String INVALID_REQUEST = "INVALID_REQUEST";

  /** No pool serves the model. */
  public static final String UNKNOWN_MODEL = "UNKNOWN_MODEL";

  /** The prompt does not fit in the model's context or the router's limit. */
  public static final String PROMPT_TOO_LONG = "PROMPT_TOO_LONG";

  /** The answer does not fit in a record; its text is in the deltas. */
  public static final String ANSWER_TOO_LONG = "ANSWER_TOO_LONG";

  /** The model was replaced while the generation was under way. */
  public static final String MODEL_CHANGED = "MODEL_CHANGED";

  /** The engine failed and its attempts are used up. */
  public static final String ENGINE_ERROR = "ENGINE_ERROR";

  private ErrorCodes() {}
}
