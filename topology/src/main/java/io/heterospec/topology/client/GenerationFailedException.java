package io.heterospec.topology.client;

import io.heterospec.schemas.Completion;

/** A request that ended with an error instead of a text. */
public final class GenerationFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Completion completion;

  GenerationFailedException(Completion completion) {
    super(completion.getError().getCode() + ": " + completion.getError().getMessage());
    this.completion = completion;
  }

  /** The end of the request, with the code and message of its error. */
  public Completion completion() {
    return completion;
  }
}
