package io.heterospec.processor.model;

import io.heterospec.processor.torch.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Feature rows of several sequences as the passes they come from and indices into those. */
final class FeatureParts {
  private final List<Features> parts = new ArrayList<>();
  private final long[] indices;
  private int count;

  private FeatureParts(int size) {
    indices = new long[size];
  }

  /**
   * @param more indices that will be added for the script's other purposes
   */
  static FeatureParts of(List<Features.Rows> rows, int more) {
    FeatureParts result =
        new FeatureParts(rows.stream().mapToInt(Features.Rows::count).sum() + more);
    rows.forEach(result::add);
    return result;
  }

  private void add(Features.Rows rows) {
    int start = 0;
    for (Features part : parts) {
      if (part == rows.of()) {
        addFrom(start, rows);
        return;
      }
      start += part.count();
    }
    parts.add(rows.of());
    addFrom(start, rows);
  }

  private void addFrom(int start, Features.Rows rows) {
    for (int i = 0; i < rows.count(); i++) {
      addIndex((long) start + rows.rows()[i]);
    }
  }

  void addIndex(long index) {
    indices[count++] = index;
  }

  long[] indices() {
    return indices;
  }

  List<Tensor> tensors() {
    return parts.stream().map(Features::tensor).toList();
  }
}
