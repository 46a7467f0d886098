package io.heterospec.processor.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Which of several devices holds which layers: neighbouring layers together, as many on each as its
 * free memory is part of all. The embedding lies on the first device; the output layer and the
 * draft head on the last; a layer's caches beside it.
 *
 * @param devices in the order in which a pass visits them
 * @param layers how many each holds, in that order
 */
public record DevicePlacement(List<String> devices, int[] layers) {

  /**
   * A device.
   *
   * @param free bytes it has left
   */
  public record Room(String device, long free) {
    /** Where the system does not tell: more than any device has, and safe to add up. */
    static final long UNKNOWN = 1L << 55;
  }

  /**
   * What is to be placed, in bytes.
   *
   * @param layers number of layers
   * @param layer a layer's weights and its part of the least caches
   * @param first what only the first device holds
   * @param last what only the last holds
   * @param each what every device needs: rotary tables and workspace
   */
  record Load(int layers, long layer, long first, long last, long each) {}

  /**
   * Places the layers, at least one on each device.
   *
   * @throws IllegalArgumentException when they do not fit; the message says how much is missing
   */
  static DevicePlacement of(List<Room> rooms, Load load) {
    long[] most = new long[rooms.size()];
    for (int i = 0; i < most.length; i++) {
      long used =
          load.each() + (i == 0 ? load.first() : 0) + (i == most.length - 1 ? load.last() : 0);
      most[i] = Math.max(0, (rooms.get(i).free() - used) / load.layer());
    }
    long total = Arrays.stream(most).sum();
    if (total < load.layers()) {
      throw new IllegalArgumentException(
          "%s have room for %d of %d layers of %.1f GiB; add a device, or use a smaller model or --dtype bf16"
              .formatted(
                  rooms.stream().map(Room::device).toList(),
                  total,
                  load.layers(),
                  gibibytes(load.layer())));
    }
    int[] layers = new int[most.length];
    int placed = 0;
    long room = 0;
    for (int i = 0; i < layers.length; i++) {
      room += most[i];
      // Rounded so that no device gets more than it holds, nor the rest more than they do.
      int until = (int) Math.min(load.layers(), (load.layers() * room + total / 2) / total);
      layers[i] = (int) Math.min(most[i], until - placed);
      placed += layers[i];
    }
    for (int i = 0; placed < load.layers(); i++) {
      int more = (int) Math.min(most[i] - layers[i], load.layers() - placed);
      layers[i] += more;
      placed += more;
    }
    for (int i = 0; i < layers.length; i++) {
      if (layers[i] == 0) {
        throw new IllegalArgumentException(
            "%s has room for no layer, with %.1f GiB free; leave it out of --device"
                .formatted(rooms.get(i).device(), gibibytes(rooms.get(i).free())));
      }
    }
    return new DevicePlacement(rooms.stream().map(Room::device).toList(), layers);
  }

  /** Everything on one device. */
  static DevicePlacement single(String device, int layers) {
    return new DevicePlacement(List.of(device), new int[] {layers});
  }

  private static double gibibytes(long bytes) {
    return bytes / (double) (1 << 30);
  }

  /** One device and its layers after the other, as {@code gpu:0: 0–39, gpu:1: 40–79}. */
  public String describe() {
    List<String> parts = new ArrayList<>();
    int first = 0;
    for (int i = 0; i < layers.length; i++) {
      parts.add(
          String.format(Locale.ROOT, "%s: %d–%d", devices.get(i), first, first + layers[i] - 1));
      first += layers[i];
    }
    return String.join(", ", parts);
  }
}
