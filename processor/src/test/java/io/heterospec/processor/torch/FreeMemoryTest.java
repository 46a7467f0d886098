package io.heterospec.processor.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreeMemoryTest {
  @TempDir Path proc;
  @TempDir Path group;

  @BeforeEach
  void write() throws IOException {
    Files.writeString(
        proc.resolve("meminfo"),
        "MemTotal:       24000 kB\nMemFree:  100 kB\nMemAvailable:    8000 kB\n");
  }

  private long free() {
    return new FreeMemory(proc, group).ofHost().orElseThrow();
  }

  @Test
  void withoutALimitItIsWhatTheKernelCallsAvailable() throws IOException {
    assertThat(free()).isEqualTo(8000 * 1024);
    Files.writeString(group.resolve("memory.max"), "max\n");
    Files.writeString(group.resolve("memory.current"), "1000\n");
    assertThat(free()).isEqualTo(8000 * 1024);
  }

  @Test
  void aContainersLimitCountsWithoutItsCachedFiles() throws IOException {
    Files.writeString(group.resolve("memory.max"), "5000000\n");
    Files.writeString(group.resolve("memory.current"), "4500000\n");
    assertThat(free()).isEqualTo(500_000);
    Files.writeString(group.resolve("memory.stat"), "anon 1\ninactive_file 300000\nslab 5\n");
    assertThat(free()).isEqualTo(800_000);
    Files.writeString(group.resolve("memory.max"), "999999999999\n");
    assertThat(free()).isEqualTo(8000 * 1024);
  }

  @Test
  void whereTheSystemDoesNotTellItIsUnknown() throws IOException {
    Files.delete(proc.resolve("meminfo"));
    assertThat(new FreeMemory(proc, group).ofHost()).isEmpty();
  }
}
