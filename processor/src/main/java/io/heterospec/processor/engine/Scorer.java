package io.heterospec.processor.engine;

import io.heterospec.processor.engine.TokenScore.Candidate;
import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.TargetModel;
import java.util.ArrayList;
import java.util.List;

/** Scores given sequences with the target, in chunks. Belongs to the engine's thread. */
final class Scorer {
  private Scorer() {}

  static List<TokenScore> score(TargetModel target, int[] ids, int top, int chunk) {
    int k = Math.min(top, target.config().vocabularySize());
    List<TokenScore> scores = new ArrayList<>();
    double logprob = Double.NaN;
    try (KvCache cache = target.newCache(ids.length)) {
      for (int from = 0; from < ids.length; from += chunk) {
        int to = Math.min(from + chunk, ids.length);
        float[] values = target.score(ids, from, to, following(ids, from, to), k, cache);
        for (int i = from; i < to; i++) {
          int row = (i - from) * (1 + 2 * k);
          scores.add(new TokenScore(ids[i], logprob, candidates(values, row + 1, k)));
          logprob = values[row];
        }
      }
    }
    return scores;
  }

  // The last token has no successor; any id does, its score is not used.
  private static long[] following(int[] ids, int from, int to) {
    long[] next = new long[to - from];
    for (int i = from; i < to; i++) {
      next[i - from] = i + 1 < ids.length ? ids[i + 1] : 0;
    }
    return next;
  }

  private static List<Candidate> candidates(float[] values, int start, int k) {
    List<Candidate> candidates = new ArrayList<>(k);
    for (int i = 0; i < k; i++) {
      candidates.add(new Candidate((int) values[start + k + i], values[start + i]));
    }
    return candidates;
  }
}
