package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerPlacementTest {

  // The features in the order in which a model passes them.
  private static int[] taps(int layers) {
    return IntStream.of(2, layers / 2, layers - 3).sorted().toArray();
  }

  private static int originalsBefore(int[] origins, int layer) {
    return (int) Arrays.stream(origins, 0, layer).filter(o -> o != LayerPlacement.IDENTITY).count();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 6, 7, 8, 9, 16, 31, 32})
  void everyTapSeesTheOutputOfAsManyOriginalLayers(int layers) {
    for (int deeper = layers; deeper <= 3 * layers + 2; deeper++) {
      if (!LayerPlacement.isPossible(layers, deeper)) {
        continue;
      }
      int[] origins = LayerPlacement.of(layers, deeper);
      assertThat(origins).hasSize(deeper);
      assertThat(Arrays.stream(origins).filter(o -> o != LayerPlacement.IDENTITY).toArray())
          .isEqualTo(IntStream.range(0, layers).toArray());
      for (int i = 0; i < 3; i++) {
        assertThat(originalsBefore(origins, taps(deeper)[i])).isEqualTo(taps(layers)[i]);
      }
    }
  }

  @Test
  void onlyTheSmallestTargetCannotHaveEveryLargerNumberOfLayers() {
    for (int layers = 4; layers <= 40; layers++) {
      for (int deeper = layers; deeper <= 100; deeper++) {
        assertThat(LayerPlacement.isPossible(layers, deeper))
            .as("%d layers among %d", layers, deeper)
            .isEqualTo(layers != 4 || deeper != 5);
      }
    }
  }

  @Test
  void aModelIsItselfAmongAsManyLayers() {
    assertThat(LayerPlacement.of(8, 8)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
  }
}
