package io.heterospec.topology.generate;

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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An engine that does what a test tells it, step by step, with the bundled pair's tokenizer. */
final class FakeEngine extends CachelessEngine {
  final HuggingFaceTextModel model = HuggingFaceTextModel.open(DemoPair.target(), "demo");
  final Map<String, Live> live = new LinkedHashMap<>();
  final List<GenerationRequest> submitted = new ArrayList<>();
  final List<String> abandoned = new ArrayList<>();
  int capacity = 100;
  Duration offerTime = Duration.ZERO;
  int offers;
  boolean dead;
  boolean diesOfTheNextOffer;

  /** A generation that was taken. */
  static final class Live {
    final GenerationRequest request;
    final GenerationListener listener;
    final List<Integer> tokens = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    int cycles;

    Live(GenerationRequest request, GenerationListener listener) {
      this.request = request;
      this.listener = listener;
      for (int token : request.committedIds()) {
        tokens.add(token);
        text.append((char) ('a' + token % 26));
      }
    }

    private static int[] ones(int count) {
      int[] ones = new int[count];
      Arrays.fill(ones, 1);
      return ones;
    }

    /** One cycle with these tokens; a token's text is a letter. */
    void step(int... fresh) {
      int offset = tokens.size();
      StringBuilder piece = new StringBuilder();
      for (int token : fresh) {
        tokens.add(token);
        piece.append((char) ('a' + token % 26));
      }
      text.append(piece);
      CycleReport cycle =
          new CycleReport(
              "heterospec",
              cycles++,
              1,
              1.5,
              new double[] {1, 0.5},
              2,
              2,
              8,
              5,
              fresh.length - 1,
              fresh.length,
              0,
              -1,
              true,
              1_000_000,
              2_000_000,
              4_000_000,
              List.of());
      listener.onStep(
          new GenerationStep(
              request.id(), offset, fresh, piece.toString(), ones(fresh.length), cycle));
    }

    void end(FinishReason reason, String tail) {
      end(reason, tail, null, false);
    }

    void end(FinishReason reason, String tail, String error, boolean retryable) {
      listener.onFinished(
          new GenerationResult(
              request.id(),
              reason,
              error,
              error,
              retryable,
              tokens.stream().mapToInt(Integer::intValue).toArray(),
              text + tail,
              tail,
              request.promptIds().length,
              0,
              CacheTier.NONE,
              cycles,
              5L * cycles,
              8L * cycles,
              0,
              1000,
              1000,
              1000,
              Double.NaN));
    }
  }

  /** The live generation of a request id. */
  Live of(String requestId) {
    return live.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(requestId + "@"))
        .map(Map.Entry::getValue)
        .reduce((first, second) -> second)
        .orElseThrow(() -> new AssertionError(requestId + " is not in " + live.keySet()));
  }

  List<String> submittedIds() {
    return submitted.stream().map(r -> r.id().substring(0, r.id().indexOf('@'))).toList();
  }

  @Override
  public boolean submit(GenerationRequest request, GenerationListener listener) {
    if (Arrays.stream(request.promptIds()).anyMatch(id -> id < 0)) {
      throw new IllegalArgumentException("negative id");
    }
    offers++;
    if (diesOfTheNextOffer) {
      dead = true;
    }
    if (dead) {
      throw new IllegalStateException("the engine died");
    }
    long end = System.nanoTime() + offerTime.toNanos();
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    if (live.size() >= capacity) {
      return false;
    }
    submitted.add(request);
    live.put(request.id(), new Live(request, listener));
    return true;
  }

  /** Ends a generation and frees its place. */
  void finish(String requestId, FinishReason reason) {
    Live one = of(requestId);
    live.remove(one.request.id());
    one.end(reason, "");
  }

  @Override
  public void cancel(String id) {
    Live one = live.remove(id);
    if (one != null) {
      one.end(FinishReason.CANCELLED, "");
    }
  }

  @Override
  public void abandon(String id) {
    abandoned.add(id);
    live.remove(id);
  }

  @Override
  public boolean healthy() {
    return !dead;
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
