package io.heterospec.topology;

import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.text.HuggingFaceTextModel;
import io.heterospec.processor.text.TextModel;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** An engine that takes work and never does it, until it dies as one with a lost device does. */
final class MortalEngine extends CachelessEngine {
  private final HuggingFaceTextModel model = HuggingFaceTextModel.open(DemoPair.target(), "demo");
  private final Map<GenerationRequest, GenerationListener> live = new ConcurrentHashMap<>();
  private final CompletableFuture<Throwable> death = new CompletableFuture<>();

  void die() {
    live.forEach((request, listener) -> listener.onFinished(lost(request)));
    death.complete(new IllegalStateException("the device is lost"));
  }

  private static GenerationResult lost(GenerationRequest request) {
    return new GenerationResult(
        request.id(),
        FinishReason.FAILED,
        "ENGINE_LOST",
        "the engine died while decoding",
        true,
        new int[0],
        "",
        "",
        request.promptIds().length,
        0,
        CacheTier.NONE,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        Double.NaN);
  }

  @Override
  public boolean submit(GenerationRequest request, GenerationListener listener) {
    live.put(request, listener);
    return true;
  }

  @Override
  public void cancel(String id) {}

  @Override
  public void abandon(String id) {}

  @Override
  public void onDeath(Consumer<Throwable> listener) {
    CompletableFuture<Void> unused = death.thenAccept(listener);
  }

  @Override
  public boolean healthy() {
    return !death.isDone();
  }

  @Override
  public int load() {
    return live.size();
  }

  @Override
  public TextModel model() {
    return model;
  }

  @Override
  public void close() {
    model.close();
  }
}
