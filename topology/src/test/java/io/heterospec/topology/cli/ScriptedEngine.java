package io.heterospec.topology.cli;

import io.heterospec.processor.engine.CycleReport;
import io.heterospec.processor.engine.FinishReason;
import io.heterospec.processor.engine.GenerationListener;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.engine.GenerationResult;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.text.TextModel;
import io.heterospec.topology.CachelessEngine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * An engine without models: on its own thread it advances everything live by a step a round. A
 * prompt's first token is the number of steps that its answer takes; each step has two tokens and
 * one accepted draft token.
 */
final class ScriptedEngine extends CachelessEngine {
  /** The prompt that cannot be answered. */
  static final int FAILING = 99;

  private static final class Live {
    final GenerationRequest request;
    final GenerationListener listener;
    int steps;

    Live(GenerationRequest request, GenerationListener listener) {
      this.request = request;
      this.listener = listener;
    }

    int[] tokens() {
      int[] tokens = new int[2 * steps];
      Arrays.setAll(tokens, i -> 1000 * request.promptIds()[0] + i);
      return tokens;
    }
  }

  private final int capacity;
  private final CountDownLatch missing;
  private final LinkedBlockingQueue<Live> arriving = new LinkedBlockingQueue<>();
  private final List<Live> live = new ArrayList<>(); // of the engine's thread
  private final Set<String> ids = new TreeSet<>();

  /** Modes in the order of submission. */
  final List<String> modes = new ArrayList<>();

  /** How many were live in each round. */
  final List<Integer> liveByRound = new ArrayList<>();

  /** An engine that waits until all its places are taken before it decodes. */
  ScriptedEngine(int capacity) {
    this(capacity, capacity);
  }

  /**
   * @param startAt submissions that it waits for before it decodes
   */
  ScriptedEngine(int capacity, int startAt) {
    this.capacity = capacity;
    this.missing = new CountDownLatch(startAt);
    Thread thread = new Thread(this::work, "scripted-engine");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public synchronized boolean submit(GenerationRequest request, GenerationListener listener) {
    if (ids.size() == capacity) {
      return false;
    }
    if (!ids.add(request.id())) {
      throw new IllegalArgumentException(request.id() + " is live already");
    }
    modes.add(request.mode());
    arriving.add(new Live(request, listener));
    missing.countDown();
    return true;
  }

  private void work() {
    try {
      missing.await();
      while (true) {
        if (live.isEmpty()) {
          live.add(arriving.take());
        }
        arriving.drainTo(live);
        liveByRound.add(live.size());
        for (Live one : List.copyOf(live)) {
          advance(one);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void advance(Live one) {
    int length = one.request.promptIds()[0];
    int offset = 2 * one.steps++;
    int[] tokens = one.tokens();
    one.listener.onStep(
        new GenerationStep(
            one.request.id(),
            offset,
            new int[] {tokens[offset], tokens[offset + 1]},
            "",
            new int[2],
            cycle(one.steps)));
    if (length == FAILING) {
      end(one, FinishReason.FAILED, "out of memory");
    } else if (one.steps == length) {
      end(one, FinishReason.LENGTH, null);
    }
  }

  private void end(Live one, FinishReason reason, String error) {
    live.remove(one);
    synchronized (this) {
      ids.remove(one.request.id());
    }
    one.listener.onFinished(
        new GenerationResult(
            one.request.id(),
            reason,
            error,
            error,
            false,
            one.tokens(),
            "",
            "",
            1,
            0,
            CacheTier.NONE,
            one.steps,
            5L * one.steps,
            8L * one.steps,
            one.steps,
            0,
            0,
            0,
            Double.NaN));
  }

  private static CycleReport cycle(int number) {
    return new CycleReport(
        "scripted",
        number,
        1,
        0,
        new double[0],
        -1,
        2,
        8,
        5,
        1,
        2,
        0,
        -1,
        true,
        0,
        0,
        0,
        List.of());
  }

  @Override
  public void cancel(String requestId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void abandon(String requestId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int load() {
    return ids.size();
  }

  @Override
  public TextModel model() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
