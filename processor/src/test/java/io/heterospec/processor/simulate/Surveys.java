package io.heterospec.processor.simulate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Surveys made by hand: chains of two children, of which one is as likely as told. */
final class Surveys {
  static final int WRONG = 1;

  private Surveys() {}

  /** A tree whose best children carry these tokens, each beside a wrong one a tenth as likely. */
  static SurveyedTree chain(double best, int... tokens) {
    int[] ids = new int[2 * tokens.length];
    int[] parents = new int[ids.length];
    double[] confidences = new double[ids.length];
    for (int level = 0; level < tokens.length; level++) {
      double above = Math.pow(best, level);
      ids[2 * level] = tokens[level];
      ids[2 * level + 1] = WRONG;
      parents[2 * level] = 2 * level - 2 < 0 ? -1 : 2 * level - 2;
      parents[2 * level + 1] = parents[2 * level];
      confidences[2 * level] = above * best;
      confidences[2 * level + 1] = above * best / 10;
    }
    return new SurveyedTree(ids, parents, confidences);
  }

  /** A text that the head proposes to a depth at each position. */
  static SurveyedText predicted(int depth, double best, int... tokens) {
    List<SurveyedTree> trees = new ArrayList<>();
    for (int at = 0; at < tokens.length; at++) {
      int end = Math.min(tokens.length - 1, at + depth);
      trees.add(end == at ? SurveyedTree.EMPTY : chain(best, Arrays.copyOfRange(tokens, at, end)));
    }
    return SurveyedText.of("test", 3, tokens, trees);
  }
}
