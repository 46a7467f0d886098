package io.heterospec.processor.engine;

import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.torch.Dtype;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** The engine of the bundled pair in fp32, and short ways to use it. */
final class DemoEngine {
  private DemoEngine() {}

  static EngineOptions options() {
    return EngineOptions.of(SharedFixtures.demoTarget(), SharedFixtures.demoDraft())
        .withName("demo")
        .withDtype(Dtype.FP32)
        .withThreads(1)
        .withCosts(TestCosts.cheap());
  }

  static TorchEngine open() {
    return TorchEngine.open(options());
  }

  static int[] ids(TorchEngine engine, String text) {
    return engine.model().encodeText(new int[0], text);
  }

  static SamplingParams greedy(int maxTokens, String... stop) {
    return new SamplingParams(maxTokens, 0, 0, 1, 0, List.of(stop), true);
  }

  static GenerationRequest request(
      String id, int[] prompt, int[] committed, SamplingParams sampling, String mode) {
    return new GenerationRequest(id, prompt, committed, sampling, mode, 0, Long.MAX_VALUE, false);
  }

  static Recording run(TorchEngine engine, GenerationRequest request) {
    Recording recording = new Recording();
    if (!engine.submit(request, recording)) {
      throw new IllegalStateException("the engine is full");
    }
    recording.result();
    return recording;
  }

  /** Everything a listener was told. */
  static final class Recording implements GenerationListener {
    final List<GenerationStep> steps = new CopyOnWriteArrayList<>();
    private final CompletableFuture<GenerationResult> end = new CompletableFuture<>();

    @Override
    public void onStep(GenerationStep step) {
      steps.add(step);
    }

    @Override
    public void onFinished(GenerationResult result) {
      if (!end.complete(result)) {
        throw new IllegalStateException("a second end");
      }
    }

    GenerationResult result() {
      return end.orTimeout(60, TimeUnit.SECONDS).join();
    }

    boolean ended() {
      return end.isDone();
    }

    String stepText() {
      StringBuilder text = new StringBuilder();
      steps.forEach(step -> text.append(step.text()));
      return text.toString();
    }
  }
}
