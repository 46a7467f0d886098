package io.heterospec.topology.cli;

import io.heterospec.processor.engine.DevicePlacement.Room;
import io.heterospec.processor.engine.EngineOptions;
import io.heterospec.processor.engine.MemoryPlan;
import io.heterospec.processor.torch.DeviceNames;
import io.heterospec.processor.torch.Dtype;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Where inspect shall plan to load what it describes. */
final class PlanOptions {
  private static final double GIB = 1 << 30;

  @Option(
      names = "--device",
      paramLabel = "cpu|gpu:N,…",
      description =
          "Also plan how these devices would hold it: a target, or a head with its --target.")
  String device;

  @Option(
      names = "--free",
      split = ",",
      paramLabel = "GIB,…",
      description =
          "Plan for devices with so much memory left, instead of asking those of this machine.")
  List<Double> free = List.of();

  @Option(
      names = "--dtype",
      paramLabel = "bf16|fp16|fp32",
      description = "Arithmetic type to plan for. Default: bf16.")
  String dtype;

  @Option(
      names = "--cache-mb",
      paramLabel = "MIB",
      defaultValue = "4096",
      description = "Most memory for key-value caches. Default: ${DEFAULT-VALUE}.")
  long cacheMb;

  /**
   * @throws UsageException when devices are described but not named
   */
  void require() {
    if (device == null && !free.isEmpty()) {
      throw new UsageException("--free says what devices have left; name them with --device");
    }
  }

  boolean isAsked() {
    return device != null;
  }

  /**
   * The plan for a target and its head, or null for none.
   *
   * @throws IllegalArgumentException when they do not fit, or a device is not there
   */
  MemoryPlan plan(Path target, Path head) {
    EngineOptions options =
        EngineOptions.of(target, head)
            .withDevice(device)
            .withDtype(dtype == null ? null : Dtype.parse(dtype))
            .withThreads(1)
            .withCacheBytes(cacheMb << 20);
    return free.isEmpty() ? MemoryPlan.of(options) : MemoryPlan.of(options, rooms());
  }

  private List<Room> rooms() {
    List<String> devices = DeviceNames.parse(device);
    if (devices.size() != free.size()) {
      throw new IllegalArgumentException(
          "--free needs a number for each of the %d devices, got %d"
              .formatted(devices.size(), free.size()));
    }
    List<Room> rooms = new ArrayList<>();
    for (int i = 0; i < devices.size(); i++) {
      rooms.add(new Room(devices.get(i), (long) (free.get(i) * GIB)));
    }
    return rooms;
  }
}
