package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.engine.TokenScore.Candidate;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Differences between two decodings of a prompt. One is accepted only where the numbers themselves
 * leave the choice open: the batch shape changes the rounding of a product, and a choice that hangs
 * on the last digits may then fall either way.
 */
final class Ties {
  // Rounding of logits, about 1e-5, moves the borders of the distribution by no more than this.
  private static final double BORDER = 1e-5;
  private static final double GAP = 1e-4;

  private final Function<int[], List<TokenScore>> scores;

  /**
   * @param scores of token ids, with the whole vocabulary at each position
   */
  Ties(Function<int[], List<TokenScore>> scores) {
    this.scores = scores;
  }

  /** Asserts that the numbers leave the choice at a position open, and says how far. */
  String explain(int[] prompt, int[] expected, int[] actual, int at, SamplingParams sampling) {
    int[] context = Arrays.copyOf(prompt, prompt.length + at);
    System.arraycopy(expected, 0, context, prompt.length, at);
    List<TokenScore> scored = scores.apply(context);
    List<Candidate> next = scored.get(scored.size() - 1).top();
    if (sampling.temperature() == 0) {
      double gap = logprob(next, expected[at]) - logprob(next, actual[at]);
      assertThat(Math.abs(gap))
          .as("gap of the logits of tokens %d and %d at %d", expected[at], actual[at], at)
          .isLessThan(GAP);
      return "the logits differ by " + gap;
    }
    double[] p = new double[next.size()];
    next.forEach(c -> p[c.id()] = Math.exp(c.logprob() / sampling.temperature()));
    double total = Arrays.stream(p).sum();
    double border = 0;
    for (int id = 0; id <= Math.min(expected[at], actual[at]); id++) {
      border += p[id] / total;
    }
    double number = PositionRandom.at(sampling.seed(), context.length) * 0x1p-53;
    assertThat(Math.abs(number - border)).as("distance from the border").isLessThan(BORDER);
    return "the random number is " + (number - border) + " from the border";
  }

  private static double logprob(List<Candidate> next, int id) {
    return next.stream().filter(c -> c.id() == id).findFirst().orElseThrow().logprob();
  }
}
