package io.heterospec.processor.engine;

import java.util.List;

/**
 * The target's opinion of one token of a sequence.
 *
 * @param id the token
 * @param logprob its natural log-probability given the tokens before it; NaN for the first
 * @param top the most probable next tokens after this one, best first
 */
public record TokenScore(int id, double logprob, List<Candidate> top) {

  /** A possible next token and its natural log-probability. */
  public record Candidate(int id, double logprob) {}
}
