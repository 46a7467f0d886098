package io.heterospec.processor.torch;

import java.util.ArrayList;
import java.util.List;

/**
 * The devices that hold a model together, in the order in which a pass visits them. Belongs to the
 * thread that opened them.
 *
 * @param name as given, such as {@code gpu:0,gpu:1}
 * @param all at least one
 */
public record DeviceGroup(String name, List<TorchDevice> all) implements AutoCloseable {

  public DeviceGroup {
    all = List.copyOf(all);
  }

  /**
   * Opens devices and prepares the calling thread to own them.
   *
   * @param names {@code cpu}, {@code gpu:N} or {@code gpu:N,gpu:M,…}
   * @param threads threads of one CPU operation, 0 for the number of cores
   * @throws IllegalArgumentException for an unknown name or a GPU this machine or build lacks
   */
  public static DeviceGroup open(String names, int threads) {
    List<TorchDevice> opened = new ArrayList<>();
    try {
      for (String name : DeviceNames.parse(names)) {
        opened.add(TorchDevice.open(name, threads));
      }
      return new DeviceGroup(names, opened);
    } catch (RuntimeException e) {
      opened.forEach(TorchDevice::close);
      throw e;
    }
  }

  /** Where passes begin; on a CPU the only one. */
  public TorchDevice first() {
    return all.get(0);
  }

  /** Where passes end, and where the draft head lies. */
  public TorchDevice last() {
    return all.get(all.size() - 1);
  }

  @Override
  public void close() {
    all.forEach(TorchDevice::close);
  }
}
