package io.heterospec.processor.torch;

import ai.djl.util.cuda.CudaUtils;
import java.io.IOException;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory that a device has left. On a CPU under Linux: what the kernel calls available, or less
 * where a control group (a container) has a limit; unknown under other systems.
 */
public final class FreeMemory {
  private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d+) kB");
  private static final Pattern INACTIVE_FILE = Pattern.compile("(?m)^inactive_file (\\d+)$");

  private final Path proc;
  private final Path cgroup;

  FreeMemory(Path proc, Path cgroup) {
    this.proc = proc;
    this.cgroup = cgroup;
  }

  /** Bytes, or empty where the system does not tell. */
  public static OptionalLong of(TorchDevice device) {
    if (device.isGpu()) {
      MemoryUsage usage = CudaUtils.getGpuMemory(device.device());
      return OptionalLong.of(usage.getMax() - usage.getCommitted());
    }
    return new FreeMemory(Path.of("/proc"), Path.of("/sys/fs/cgroup")).ofHost();
  }

  OptionalLong ofHost() {
    OptionalLong available = number(AVAILABLE, text(proc.resolve("meminfo")), 1024);
    String max = text(cgroup.resolve("memory.max")).strip();
    String current = text(cgroup.resolve("memory.current")).strip();
    if (!max.matches("\\d{1,18}") || !current.matches("\\d{1,18}")) {
      return available;
    }
    // Cached files count as used, but the kernel drops them where memory is needed.
    long cached = number(INACTIVE_FILE, text(cgroup.resolve("memory.stat")), 1).orElse(0);
    long left = Math.max(0, Long.parseLong(max) - Long.parseLong(current) + cached);
    return OptionalLong.of(Math.min(left, available.orElse(left)));
  }

  private static OptionalLong number(Pattern pattern, String text, long unit) {
    Matcher found = pattern.matcher(text);
    return found.find()
        ? OptionalLong.of(Long.parseLong(found.group(1)) * unit)
        : OptionalLong.empty();
  }

  private static String text(Path file) {
    try {
      return Files.isReadable(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      return ""; // such a file may vanish, or refuse to be read: then it tells nothing
    }
  }
}
