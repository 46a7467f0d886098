package io.heterospec.processor.checkpoint;

import java.util.SplittableRandom;

/**
 * A decoder layer that costs what any other costs and changes nothing: what its attention and its
 * MLP compute is multiplied by zeros before it is added.
 *
 * <p>The other matrices are noise rather than zeros, as a processor may take less power and so be
 * faster with zeros. The noise is so small that nothing overflows, not even in 16 bits, and no
 * infinity meets a zero; it is the same whenever it is made.
 */
final class IdentityLayer {
  // Below 1/8 of 1/sqrt(inputs): a normalised row then gives less than sqrt(inputs)/8.
  private static final int EXTRA_HALVINGS = 4;

  private IdentityLayer() {}

  /** A tensor of an identity layer, with name, type and shape of this one. */
  static TensorRows like(TensorRows tensor) {
    return new TensorRows(tensor.name(), tensor.type(), tensor.shape(), rows(tensor));
  }

  private static TensorRows.Rows rows(TensorRows tensor) {
    FloatLayout layout = FloatLayout.of(tensor.type());
    String name = tensor.name();
    int columns = (int) tensor.shape()[tensor.shape().length - 1];
    if (name.endsWith("norm.weight")) {
      return (row, into) -> {
        for (int i = 0; i < columns; i++) {
          layout.put(into, i, layout.one());
        }
      };
    }
    if (name.contains("o_proj.") || name.contains("down_proj.")) {
      return (row, into) -> {};
    }
    int log = Integer.SIZE - Integer.numberOfLeadingZeros(columns);
    int halvings = Math.min((log + 1) / 2 + EXTRA_HALVINGS, FloatLayout.maxHalvings());
    return (row, into) -> {
      SplittableRandom random = new SplittableRandom(name.hashCode() * 31L + row);
      for (int i = 0; i < columns; i++) {
        layout.put(into, i, layout.withMagnitude(random.nextInt(), halvings));
      }
    };
  }
}
