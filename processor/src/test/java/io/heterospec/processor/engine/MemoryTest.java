package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Native memory is not the collector's: what the engine does not close is lost. */
class MemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int WARM_CYCLES = 1500;
  private static final int CYCLES = 5000;
  private static final long MAX_GROWTH_KIB = 32 * 1024;

  @Test
  void memoryIsFlatOverFiveThousandCycles() throws IOException {
    assumeTrue(Files.isReadable(STATUS), "skipped: " + STATUS + " is not on this system");
    try (TorchEngine engine = DemoEngine.open()) {
      decode(engine, WARM_CYCLES);
      long before = residentKib();
      decode(engine, CYCLES);
      long growth = residentKib() - before;
      System.out.println("Resident memory grew by " + growth + " KiB over " + CYCLES + " cycles");
      assertThat(growth).isLessThan(MAX_GROWTH_KIB);
    }
  }

  private static void decode(TorchEngine engine, int cycles) {
    int[] prompt = DemoEngine.ids(engine, "How do I list all files in a directory?");
    long done = 0;
    for (int i = 0; done < cycles; i++) {
      SamplingParams sampling =
          new SamplingParams(100 + 40 * (i % 5), 0.8, 0, 1, i, List.of(), true);
      done +=
          DemoEngine.run(
                  engine, DemoEngine.request("m" + i, prompt, new int[0], sampling, "heterospec"))
              .result()
              .targetCalls();
    }
  }

  private static long residentKib() throws IOException {
    System.gc(); // the heap's own size must not blur the picture
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
