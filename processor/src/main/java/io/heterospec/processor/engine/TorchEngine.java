package io.heterospec.processor.engine;

import io.heterospec.processor.text.HuggingFaceTextModel;
import io.heterospec.processor.text.TextModel;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.SurvivalCounts;
import io.heterospec.processor.tree.SurvivalModel;
import io.heterospec.processor.tree.TreePolicy;
import io.heterospec.processor.tree.TreeShape;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine of a target and its EAGLE-3 head on one device, through DJL's PyTorch engine. Its
 * thread loads, owns and releases the models; other threads leave commands for it.
 */
public final class TorchEngine implements DecodeEngine {
  private static final Logger LOG = LoggerFactory.getLogger(TorchEngine.class);

  /** Work left for the engine's thread, done between two rounds. */
  private interface Command {
    void run(Loaded loaded);
  }

  private record Loaded(ModelPair models, CacheBudget caches, Scheduler scheduler) {}

  // With nothing to do for so long, memory of caches is given back. Requests that follow one
  // another closely do not wait for it to be allocated again.
  private static final long IDLE_MILLIS = 1000;

  // Where a page of a session finds no room it is offered again so often.
  private static final long PAGE_RETRY_MILLIS = 10;

  private record Opened(
      ModelPair models, CacheBudget caches, Policies policies, Map<String, Integer> sessions) {}

  private final EngineOptions options;
  private final HuggingFaceTextModel text;
  private final Function<EngineOptions, ModelPair> loader;
  private final LinkedBlockingQueue<Command> commands = new LinkedBlockingQueue<>();
  private final CompletableFuture<Opened> loading = new CompletableFuture<>();
  private final AtomicInteger load = new AtomicInteger();
  private final Thread thread;
  private final Policies policies;
  private final RequestLimits limits;
  private volatile boolean closed;
  private final CompletableFuture<Throwable> death = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>(); // as the thread has

  private TorchEngine(
      EngineOptions options, HuggingFaceTextModel text, Function<EngineOptions, ModelPair> loader) {
    this.options = options;
    this.text = text;
    this.loader = loader;
    this.thread = new Thread(this::run, "engine-" + options.device());
    thread.setDaemon(true);
    thread.start();
    text.warmUp(); // while the thread loads
    try {
      Opened opened = loading.join();
      policies = opened.policies();
      limits = new RequestLimits(text, opened.caches());
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /**
   * Loads a model pair and starts the engine's thread. Blocks until the models are loaded.
   *
   * @throws io.heterospec.processor.checkpoint.CheckpointException when a directory cannot be used
   * @throws IllegalArgumentException when an option does not fit the model or the machine
   */
  public static TorchEngine open(EngineOptions options) {
    return open(options, ModelPair::load);
  }

  /**
   * Opens an engine whose pair is loaded in another way.
   *
   * @param loader called on the engine's thread
   */
  static TorchEngine open(EngineOptions options, Function<EngineOptions, ModelPair> loader) {
    HuggingFaceTextModel text =
        HuggingFaceTextModel.open(options.model(), options.draft(), options.name());
    try {
      return new TorchEngine(options, text, loader);
    } catch (RuntimeException e) {
      text.close();
      throw e;
    }
  }

  /** Names of the tree policies this engine serves. */
  public List<String> modes() {
    return policies.names();
  }

  /** Whether a mode can be asked for: those of {@link #modes()} and {@code survey}. */
  public boolean serves(String mode) {
    return policies.isServed(mode);
  }

  /** The policy of requests that name none. */
  public String defaultMode() {
    return policies.defaultMode();
  }

  /** Devices as given: {@code cpu}, {@code gpu:N} or {@code gpu:N,gpu:M,…}. */
  public String device() {
    return options.device();
  }

  /** Threads of one CPU operation. */
  public int threads() {
    return loading.join().models().devices().first().threads();
  }

  /** Type of weights, caches and activations. */
  public Dtype dtype() {
    return loading.join().models().arithmetic().dtype();
  }

  /** Base draft tree; {@link TreeShape#NONE} without a head. */
  public TreeShape shape() {
    return policies.shape();
  }

  /**
   * Entropy bins in use; {@link EntropyBins#calibrated()} tells whether they are a guess. Null
   * without a head.
   */
  public EntropyBins bins() {
    return policies.bins();
  }

  /**
   * Scores a given sequence; blocks until the engine's thread has done it.
   *
   * @param ids 1 to {@code contextLength} token ids
   * @param top candidates listed for each position
   * @return one score for each id
   * @throws IllegalStateException when the engine is closed or dead
   */
  public List<TokenScore> score(int[] ids, int top) {
    limits.requireIds("ids", ids);
    if (ids.length == 0 || ids.length > text.contextLength()) {
      throw new IllegalArgumentException(
          "score needs 1 to %d token ids, got %d".formatted(text.contextLength(), ids.length));
    }
    CompletableFuture<List<TokenScore>> scores = new CompletableFuture<>();
    command(
        loaded -> {
          try {
            scores.complete(
                Scorer.score(loaded.models().target(), ids, top, options.prefillChunk()));
          } catch (RuntimeException e) {
            scores.completeExceptionally(e);
          } catch (Error e) { // ends the engine
            scores.completeExceptionally(e);
            throw e;
          }
        });
    CompletableFuture.anyOf(scores, ended).join();
    if (!scores.isDone()) { // nor will it be: the thread ended before the command's turn
      throw new IllegalStateException("the engine is closed");
    }
    return scores.join();
  }

  @Override
  public boolean submit(GenerationRequest request, GenerationListener listener) {
    requireAlive();
    TreePolicy policy = policies.named(request.mode());
    limits.require(request, policy);
    int limit = options.maxLive() + options.maxQueued();
    if (load.getAndUpdate(n -> n < limit ? n + 1 : n) >= limit) {
      return false;
    }
    try {
      Sequence sequence = new Sequence(request, listener, policy, text);
      command(loaded -> loaded.scheduler().add(sequence));
      return true;
    } catch (RuntimeException e) {
      load.decrementAndGet();
      throw e;
    }
  }

  @Override
  public void cancel(String requestId) {
    commands.add(loaded -> loaded.scheduler().stop(requestId, false));
  }

  @Override
  public void abandon(String requestId) {
    commands.add(loaded -> loaded.scheduler().stop(requestId, true));
  }

  @Override
  public void forget(String session) {
    commands.add(loaded -> loaded.scheduler().forget(session));
  }

  @Override
  public Map<String, Integer> sessions() {
    return Collections.unmodifiableMap(loading.join().sessions());
  }

  @Override
  public long cacheRowBytes() {
    return loading.join().caches().rowBytes();
  }

  @Override
  public int load() {
    return load.get();
  }

  @Override
  public TextModel model() {
    return text;
  }

  @Override
  public void onDeath(Consumer<Throwable> listener) {
    CompletableFuture<Void> unused = death.thenAccept(listener);
  }

  @Override
  public boolean healthy() {
    return !closed && !death.isDone() && thread.isAlive();
  }

  @Override
  public void close() {
    closed = true;
    stopThread();
    text.close();
  }

  private void stopThread() {
    closed = true;
    commands.add(loaded -> {}); // wakes the thread
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true; // models must be released by their thread: wait for it, then say so
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void requireAlive() {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    if (death.isDone()) {
      Throwable cause = death.join();
      throw new IllegalStateException("the engine died: " + cause.getMessage(), cause);
    }
  }

  private void command(Command command) {
    requireAlive();
    commands.add(command);
  }

  private void run() {
    try {
      work();
    } finally {
      ended.complete(null);
    }
  }

  private void work() {
    ModelPair models;
    try {
      models = loader.apply(options);
    } catch (Throwable e) {
      death.complete(e);
      loading.completeExceptionally(e);
      return;
    }
    boolean lost = false;
    try {
      Loaded loaded;
      try {
        Policies served = new Policies(options, text.fingerprint());
        SpeculationBudget budget = budget(models, served);
        CacheBudget caches = new CacheBudget(models, models.cacheBytes());
        SessionCaches sessions = new SessionCaches(models, text.fingerprint());
        Scheduler scheduler =
            new Scheduler(models, caches, sessions, budget, options, load::decrementAndGet);
        loaded = new Loaded(models, caches, scheduler);
        loading.complete(new Opened(models, caches, served, sessions.rows()));
      } catch (Throwable e) {
        death.complete(e);
        loading.completeExceptionally(e);
        return;
      }
      serve(loaded);
      lost = death.getNow(null) instanceof DeviceLostException;
    } finally {
      // To give memory of a lost device back may hang or abort; it goes with the process.
      if (!lost) {
        models.close();
      }
    }
  }

  private SpeculationBudget budget(ModelPair models, Policies served) {
    if (models.head() == null) {
      return null;
    }
    int topK = Math.min(served.shape().topK(), models.head().config().draftVocabularySize());
    CostTable costs =
        options.costs() != null
            ? options.costs()
            : CostMeter.table(models, options.draft(), text.fingerprint(), topK);
    SurvivalCounts seen = served.survival(options.draft(), topK, text.fingerprint());
    return new SpeculationBudget(costs, new SurvivalModel(served.bins(), topK, seen));
  }

  private void serve(Loaded loaded) {
    Scheduler scheduler = loaded.scheduler();
    try {
      while (!closed) {
        if (scheduler.isIdle()) {
          awaitCommand(scheduler).run(loaded);
        }
        runCommands(loaded);
        scheduler.round();
      }
      scheduler.abandonAll();
    } catch (Throwable e) {
      // A lost device, or an Error such as the heap running out: nothing live can be trusted.
      LOG.error("the engine of {} died", options.device(), e);
      death.complete(e);
      loseUntilClosed(loaded, e);
    }
  }

  private Command awaitCommand(Scheduler scheduler) throws InterruptedException {
    while (scheduler.isWriting() && commands.isEmpty()) {
      if (!scheduler.writePage()) {
        Command next = commands.poll(PAGE_RETRY_MILLIS, TimeUnit.MILLISECONDS);
        if (next != null || closed) {
          return next == null ? loaded -> {} : next;
        }
      }
    }
    Command next = commands.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
    if (next == null) {
      scheduler.trim();
      next = commands.take();
    }
    return next;
  }

  // A command may have been left just before the death was seen: none stays unanswered.
  private void loseUntilClosed(Loaded loaded, Throwable cause) {
    loaded.scheduler().loseAll(cause);
    while (!closed) {
      try {
        commands.take().run(loaded);
        loaded.scheduler().loseAll(cause);
      } catch (InterruptedException e) {
        LOG.debug("interrupted; this thread ends when the engine is closed", e);
      }
    }
  }

  private void runCommands(Loaded loaded) {
    for (Command next = commands.poll(); next != null; next = commands.poll()) {
      next.run(loaded);
    }
  }
}
