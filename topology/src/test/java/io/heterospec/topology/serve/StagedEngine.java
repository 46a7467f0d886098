package io.heterospec.topology.serve;

import io.heterospec.processor.engine.CycleReport;
import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.text.HuggingFaceTextModel;
import io.heterospec.processor.text.TextModel;
import io.heterospec.topology.CachelessEngine;
import io.heterospec.topology.DemoPair;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * An engine whose generations go on until they are cancelled or released: every 10 ms each gets a
 * token with as much text as its request allows tokens.
 */
final class StagedEngine extends CachelessEngine {
  private static final class Live {
    final GenerationRequest request;
    final GenerationListener listener;
    int tokens;
    final StringBuilder text = new StringBuilder();

    Live(GenerationRequest request, GenerationListener listener) {
      this.request = request;
      this.listener = listener;
    }
  }

  private final HuggingFaceTextModel model = HuggingFaceTextModel.open(DemoPair.target(), "demo");
  private final Map<String, Live> live = new ConcurrentHashMap<>();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private volatile boolean silent;

  StagedEngine() {
    clock.scheduleWithFixedDelay(
        () -> {
          if (!silent) {
            round();
          }
        },
        10,
        10,
        TimeUnit.MILLISECONDS);
  }

  /** From now on no text is made, or it is again. */
  void silence(boolean wanted) {
    silent = wanted;
  }

  /** One token for each while it is silent. */
  void oneToken() {
    clock.execute(this::round);
  }

  /** Ends everything that is live. */
  void release() {
    clock.execute(() -> live.values().forEach(one -> end(one, FinishReason.STOP)));
  }

  private void round() {
    for (Live one : live.values()) {
      String piece = "x".repeat(one.request.sampling().maxTokens());
      CycleReport cycle =
          new CycleReport(
              "vanilla",
              one.tokens,
              1,
              Double.NaN,
              new double[0],
              -1,
              0,
              0,
              1,
              0,
              1,
              0,
              -1,
              true,
              0,
              0,
              0,
              List.of());
      one.text.append(piece);
      one.listener.onStep(
          new GenerationStep(
              one.request.id(),
              one.tokens++,
              new int[] {5},
              piece,
              new int[] {piece.length()},
              cycle));
    }
  }

  private void end(Live one, FinishReason reason) {
    if (live.remove(one.request.id()) != null) {
      clock.execute(
          () ->
              one.listener.onFinished(
                  new GenerationResult(
                      one.request.id(),
                      reason,
                      null,
                      null,
                      false,
                      new int[one.tokens],
                      one.text.toString(),
                      "",
                      one.request.promptIds().length,
                      0,
                      CacheTier.NONE,
                      one.tokens,
                      one.tokens,
                      0,
                      0,
                      0,
                      0,
                      0,
                      Double.NaN)));
    }
  }

  @Override
  public boolean submit(GenerationRequest request, GenerationListener listener) {
    live.put(request.id(), new Live(request, listener));
    return true;
  }

  @Override
  public void cancel(String requestId) {
    Live one = live.get(requestId);
    if (one != null) {
      end(one, FinishReason.CANCELLED);
    }
  }

  @Override
  public void abandon(String requestId) {
    live.remove(requestId);
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
    clock.shutdownNow();
    model.close();
  }
}
