package io.heterospec.processor.model;

import io.heterospec.processor.torch.TorchDevice;
import java.util.ArrayList;
import java.util.List;

/**
 * Which device holds which layers of a network: neighbouring layers together, in the order in which
 * a pass visits them. What comes before the layers lies on the first device, what comes after them
 * on the last, and a layer's caches beside it.
 *
 * @param segments at least one
 */
public record LayerDevices(List<Segment> segments) {

  /**
   * Neighbouring layers on one device.
   *
   * @param layers how many, at least one
   */
  public record Segment(TorchDevice device, int layers) {}

  /**
   * @throws IllegalArgumentException for a segment without layers
   */
  public LayerDevices {
    segments = List.copyOf(segments);
    if (segments.isEmpty() || segments.stream().anyMatch(segment -> segment.layers() < 1)) {
      throw new IllegalArgumentException("every segment needs a layer, got " + segments);
    }
  }

  /** All layers on one device. */
  public static LayerDevices single(TorchDevice device, int layers) {
    return new LayerDevices(List.of(new Segment(device, layers)));
  }

  /**
   * Devices with as many layers each.
   *
   * @param layers in the order of the devices
   */
  public static LayerDevices of(List<TorchDevice> devices, int[] layers) {
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < layers.length; i++) {
      segments.add(new Segment(devices.get(i), layers[i]));
    }
    return new LayerDevices(segments);
  }

  int layers() {
    return segments.stream().mapToInt(Segment::layers).sum();
  }

  TorchDevice first() {
    return segments.get(0).device();
  }

  TorchDevice last() {
    return segments.get(segments.size() - 1).device();
  }

  /** First layer of each segment, then the number of all layers. */
  List<Integer> borders() {
    List<Integer> borders = new ArrayList<>(List.of(0));
    for (Segment segment : segments) {
      borders.add(borders.get(borders.size() - 1) + segment.layers());
    }
    return borders;
  }
}
