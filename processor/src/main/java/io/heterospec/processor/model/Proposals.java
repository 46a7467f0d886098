package io.heterospec.processor.model;

import io.heterospec.processor.torch.Tensor;

/**
 * What the draft head proposes after each row of a pass.
 *
 * @param top {@code rows × 2k}: the k best natural log-probabilities over the draft vocabulary,
 *     descending, then their target-vocabulary ids (exact: ids are below 2²⁴)
 * @param k proposals of each row
 * @param hidden {@code (rows, hidden)}: the head's output before its norm, which takes the place of
 *     the features in the next level
 */
public record Proposals(float[] top, int k, Tensor hidden) implements AutoCloseable {

  /** Copies a row's log-probabilities and ids. */
  public void copyRow(int row, float[] logProbs, int[] tokens) {
    int start = row * 2 * k;
    System.arraycopy(top, start, logProbs, 0, k);
    for (int i = 0; i < k; i++) {
      tokens[i] = (int) top[start + k + i];
    }
  }

  @Override
  public void close() {
    hidden.close();
  }
}
