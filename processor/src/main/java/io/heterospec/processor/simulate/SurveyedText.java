package io.heterospec.processor.simulate;

import java.util.List;

/**
 * A generated text and what the head proposes at each position of it.
 *
 * @param category of its prompt
 * @param promptTokens tokens before the text
 * @param tokens the text
 * @param trees {@code trees.get(i)} is drafted when {@code i} tokens are known
 * @param limit tokens that the text could have had at least; it may have ended before
 */
public record SurveyedText(
    String category, int promptTokens, int[] tokens, List<SurveyedTree> trees, int limit) {

  /**
   * @throws IllegalArgumentException when there is not one tree for each token
   */
  public SurveyedText {
    trees = List.copyOf(trees);
    if (tokens.length == 0 || trees.size() != tokens.length) {
      throw new IllegalArgumentException(
          "%d trees were surveyed for %d tokens; record with --mode survey"
              .formatted(trees.size(), tokens.length));
    }
  }

  /** A text whose limit shows in how deep its last trees are. */
  public static SurveyedText of(
      String category, int promptTokens, int[] tokens, List<SurveyedTree> trees) {
    // The levels of the last tree could still have become output, and one more token after them.
    int beyond = trees.isEmpty() ? 0 : trees.get(trees.size() - 1).depth();
    return new SurveyedText(category, promptTokens, tokens, trees, tokens.length + beyond);
  }

  /** Depth of the survey. */
  int depth() {
    return trees.stream().mapToInt(SurveyedTree::depth).max().orElse(0);
  }
}
