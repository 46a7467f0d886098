package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.engine.DevicePlacement.Load;
import io.heterospec.processor.engine.DevicePlacement.Room;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DevicePlacementTest {
  private static final long GIB = 1L << 30;

  @Test
  void seventyBillionParametersFillTwoCardsEvenly() {
    // 80 layers of 1.6 GiB and their caches; embedding, output and head of about 2 GiB each.
    Load load = new Load(80, 17 * GIB / 10, 2 * GIB, 4 * GIB, GIB);
    DevicePlacement placement =
        DevicePlacement.of(List.of(new Room("gpu:0", 78 * GIB), new Room("gpu:1", 78 * GIB)), load);
    assertThat(placement.layers()).containsExactly(41, 39);
    assertThat(placement.describe()).isEqualTo("gpu:0: 0–40, gpu:1: 41–79");
  }

  @Test
  void aSmallerCardGetsFewerLayers() {
    Load load = new Load(40, GIB, 0, 0, 0);
    assertThat(
            DevicePlacement.of(
                    List.of(new Room("gpu:0", 60 * GIB), new Room("gpu:1", 20 * GIB)), load)
                .layers())
        .containsExactly(30, 10);
  }

  @Test
  void whatDoesNotFitIsRefusedWithWhatIsMissing() {
    Load load = new Load(80, 2 * GIB, GIB, GIB, GIB);
    assertThatThrownBy(
            () ->
                DevicePlacement.of(
                    List.of(new Room("gpu:2", 78 * GIB), new Room("gpu:5", 40 * GIB)), load))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("[gpu:2, gpu:5]", "57 of 80 layers of 2.0 GiB", "add a device");
  }

  @Test
  void everyLayerHasAPlaceAndNoDeviceMoreThanItHolds() {
    Random random = new Random(3);
    int placed = 0;
    for (int round = 0; round < 2000; round++) {
      Load load =
          new Load(
              1 + random.nextInt(90),
              1 + random.nextInt(20),
              random.nextInt(30),
              random.nextInt(30),
              random.nextInt(10));
      List<Room> rooms = new ArrayList<>();
      for (int i = 0; i <= random.nextInt(4); i++) {
        rooms.add(new Room("gpu:" + i, random.nextInt(1500)));
      }
      DevicePlacement placement;
      try {
        placement = DevicePlacement.of(rooms, load);
      } catch (IllegalArgumentException e) {
        continue;
      }
      placed++;
      assertThat(Arrays.stream(placement.layers()).sum()).isEqualTo(load.layers());
      for (int i = 0; i < rooms.size(); i++) {
        long held =
            placement.layers()[i] * load.layer()
                + load.each()
                + (i == 0 ? load.first() : 0)
                + (i == rooms.size() - 1 ? load.last() : 0);
        assertThat(placement.layers()[i]).isNotNegative();
        assertThat(placement.layers()[i] == 0 || held <= rooms.get(i).free()).isTrue();
      }
    }
    assertThat(placed).isGreaterThan(500);
  }
}
