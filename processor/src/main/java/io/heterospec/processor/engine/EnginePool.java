package io.heterospec.processor.engine;

import io.heterospec.processor.text.TextModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Several devices that serve one model as one engine. A session's turn goes to the device that has
 * its cache; everything else to the one with the least to do. Where that is full the next takes it:
 * a cache that is elsewhere is read from its pages, or computed again. Safe for use by many
 * threads.
 */
public final class EnginePool implements DecodeEngine {
  private final List<DecodeEngine> engines;

  /**
   * @param engines one for each device, of the same model; closed with the pool
   */
  public EnginePool(List<? extends DecodeEngine> engines) {
    if (engines.isEmpty()) {
      throw new IllegalArgumentException("a pool needs an engine");
    }
    this.engines = List.copyOf(engines);
  }

  /**
   * Opens an engine on each device; a single device gives its engine alone.
   *
   * @param options of each engine
   * @param open opens one
   */
  public static DecodeEngine open(
      List<EngineOptions> options, Function<EngineOptions, DecodeEngine> open) {
    List<DecodeEngine> opened = new ArrayList<>();
    try {
      for (EngineOptions each : options) {
        opened.add(open.apply(each));
      }
    } catch (RuntimeException e) {
      opened.forEach(DecodeEngine::close);
      throw e;
    }
    return opened.size() == 1 ? opened.get(0) : new EnginePool(opened);
  }

  @Override
  public boolean submit(GenerationRequest request, GenerationListener listener) {
    List<DecodeEngine> candidates = new ArrayList<>(engines);
    candidates.sort(Comparator.comparingInt(DecodeEngine::load));
    if (request.session() != null) {
      String session = request.session().session();
      // Sorting is stable: those without it stay in the order of their load.
      candidates.sort(Comparator.comparing(engine -> !engine.sessions().containsKey(session)));
    }
    for (DecodeEngine engine : candidates) {
      if (engine.healthy() && engine.submit(request, listener)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void cancel(String requestId) {
    engines.forEach(engine -> engine.cancel(requestId));
  }

  @Override
  public void abandon(String requestId) {
    engines.forEach(engine -> engine.abandon(requestId));
  }

  @Override
  public void forget(String session) {
    engines.forEach(engine -> engine.forget(session));
  }

  /** Where two devices have a session, one of them only has an older part of it. */
  @Override
  public Map<String, Integer> sessions() {
    Map<String, Integer> all = new HashMap<>();
    engines.forEach(
        engine -> engine.sessions().forEach((id, rows) -> all.merge(id, rows, Math::max)));
    return all;
  }

  @Override
  public long cacheRowBytes() {
    return engines.get(0).cacheRowBytes();
  }

  @Override
  public int load() {
    return engines.stream().mapToInt(DecodeEngine::load).sum();
  }

  @Override
  public TextModel model() {
    return engines.get(0).model();
  }

  /**
   * The death of one is that of the pool: CUDA's errors outlive no process but spread within one,
   * and what the others run continues elsewhere as well.
   */
  @Override
  public void onDeath(Consumer<Throwable> listener) {
    engines.forEach(engine -> engine.onDeath(listener));
  }

  /** Whether all devices are: the process is replaced when one is not. */
  @Override
  public boolean healthy() {
    return engines.stream().allMatch(DecodeEngine::healthy);
  }

  @Override
  public void close() {
    engines.forEach(DecodeEngine::close);
  }
}
