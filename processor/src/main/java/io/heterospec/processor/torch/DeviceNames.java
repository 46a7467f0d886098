package io.heterospec.processor.torch;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** The devices that {@code --device} names. */
public final class DeviceNames {
  private static final Pattern GPU = Pattern.compile("gpu(:\\d{1,3})?");

  private DeviceNames() {}

  /**
   * The names in their order, {@code gpu} written as {@code gpu:0}.
   *
   * @param names {@code cpu}, {@code gpu:N} or {@code gpu:N,gpu:M,…}
   * @throws IllegalArgumentException for an unknown name, one given twice, or cpu among several
   */
  public static List<String> parse(String names) {
    List<String> devices =
        Arrays.stream(names.split(",", -1))
            .map(String::strip)
            .map(name -> name.equals("gpu") ? "gpu:0" : name)
            .toList();
    for (String device : devices) {
      if (!device.equals("cpu") && !GPU.matcher(device).matches()) {
        throw new IllegalArgumentException(
            "device '" + device + "' is unknown; use cpu, gpu:N or gpu:N,gpu:M");
      }
    }
    if (devices.stream().distinct().count() < devices.size()) {
      throw new IllegalArgumentException("device '" + names + "' names a device twice");
    }
    if (devices.size() > 1 && devices.contains("cpu")) {
      throw new IllegalArgumentException(
          "device '" + names + "' mixes the CPU with GPUs; name only GPUs, or only cpu");
    }
    return devices;
  }
}
