package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.heterospec.processor.tree.TreeShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Native memory is not the collector's: what the engine does not close is lost. A leak grows in
 * every window; pools, compiled kernels and malloc's arenas settle in steps that are rare once all
 * shapes of work have been seen. So the median window tells them apart: it is about 100 KiB, mostly
 * code of the JIT compiler, and the smallest tensor of a pass left open makes it 6 MiB.
 */
class MemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int LIVE = 8;
  private static final int WARM_CYCLES = 5000;
  private static final int WINDOW = 500;
  private static final int WINDOWS = 10;
  private static final long MAX_MEDIAN_KIB = 512;
  private static final long MAX_TOTAL_KIB = 16 * 1024;
  private static final long MAX_NEW_THREADS = 4; // the JIT compiler's come and go

  @Test
  void memoryAndThreadsAreFlatOverTenThousandCyclesOfEightSequences() {
    assumeTrue(Files.isReadable(STATUS), "skipped: " + STATUS + " is not on this system");
    // A small tree makes short cycles; they make and close as many tensors as those of a large one.
    EngineOptions options = DemoEngine.options().withShape(new TreeShape(2, 2, 3));
    List<Sample> samples;
    try (TorchEngine engine = TorchEngine.open(options)) {
      samples = new Load(engine).run();
    }
    long[] growth =
        IntStream.range(1, samples.size())
            .mapToLong(i -> samples.get(i).residentKib() - samples.get(i - 1).residentKib())
            .toArray();
    Sample first = samples.get(0);
    Sample last = samples.get(samples.size() - 1);
    long total = last.residentKib() - first.residentKib();
    long median = Arrays.stream(growth).sorted().toArray()[WINDOWS / 2];
    System.out.printf(
        "Resident memory grew by %d KiB, in the median window by %d; threads %d, then %d%n",
        total, median, first.threads(), last.threads());
    assertThat(median).as("median of %s KiB", Arrays.toString(growth)).isLessThan(MAX_MEDIAN_KIB);
    assertThat(total).isLessThan(MAX_TOTAL_KIB);
    assertThat(last.threads()).isLessThanOrEqualTo(first.threads() + MAX_NEW_THREADS);
  }

  private record Sample(long residentKib, long threads) {
    static Sample now() {
      System.gc(); // the heap's own size must not blur the picture
      return new Sample(status("VmRSS:"), status("Threads:"));
    }

    private static long status(String key) {
      try {
        return Files.readAllLines(STATUS).stream()
            .filter(line -> line.startsWith(key))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst()
            .orElseThrow();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** As many generations in flight all the time, of all policies, of many lengths. */
  private static final class Load implements GenerationListener {
    private final TorchEngine engine;
    private final int[] prompt;
    private final List<MemoryPages> sessions =
        List.of(new MemoryPages("a"), new MemoryPages("b"), new MemoryPages("c"));
    private final List<Sample> samples = new ArrayList<>();
    private final CompletableFuture<List<Sample>> done = new CompletableFuture<>();
    // After the first submissions all this belongs to the engine's thread.
    private int submitted;
    private double cycles;

    Load(TorchEngine engine) {
      this.engine = engine;
      this.prompt = DemoEngine.ids(engine, "How do I list all files in a directory?");
    }

    List<Sample> run() {
      for (int i = 0; i < LIVE; i++) {
        submit(i);
      }
      return done.orTimeout(10, TimeUnit.MINUTES).join();
    }

    private void submit(int number) {
      double temperature = number % 3 == 0 ? 0 : 0.8;
      int tokens = 16 + 7 * number % 33;
      String mode = engine.modes().get(number % engine.modes().size());
      SamplingParams sampling =
          new SamplingParams(tokens, temperature, 0, 1, number, List.of(), true);
      GenerationRequest request =
          DemoEngine.request("m" + number, prompt, new int[0], sampling, mode);
      engine.submit(number % 3 == 1 ? request.withSession(session(number)) : request, this);
    }

    // One whose cache the device has, or must read from its pages.
    private MemoryPages session(int number) {
      MemoryPages pages = sessions.get(number % sessions.size());
      pages.read.clear();
      pages.written.clear();
      if (number % 2 == 0) {
        engine.forget(pages.session());
      }
      return pages;
    }

    @Override
    public void onStep(GenerationStep step) {
      cycles += 1.0 / step.cycle().sequences(); // each of a cycle's sequences tells its part
    }

    @Override
    public void onFinished(GenerationResult result) {
      if (result.finishReason() == FinishReason.FAILED) {
        done.completeExceptionally(new IllegalStateException(result.errorMessage()));
      } else if (samples.size() <= WINDOWS) {
        if (cycles >= WARM_CYCLES + samples.size() * WINDOW) {
          samples.add(Sample.now());
        }
        submit(LIVE + submitted++);
      } else {
        done.complete(samples);
      }
    }
  }
}
