package io.heterospec.processor.engine;

import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.model.Features;
import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.Sampling;
import io.heterospec.processor.text.TextModel;
import io.heterospec.processor.tree.BudgetedPolicy;
import io.heterospec.processor.tree.Draft;
import io.heterospec.processor.tree.DraftTree;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.SpeculationHistory;
import io.heterospec.processor.tree.TreePolicy;
import io.heterospec.processor.tree.VerifyTree;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One generation, waiting or live. Its last token, the root of the next draft tree, is known but
 * not yet in the target's cache; every other token is. Belongs to the engine's thread once
 * admitted.
 */
final class Sequence implements AutoCloseable {
  static final long NOT_ARRIVED = -1;

  final GenerationRequest request;
  final GenerationListener listener;
  final TreePolicy policy;
  final Sampling sampling;
  final SequenceText text;
  final DraftTree draft = new DraftTree();
  final VerifyTree verify = new VerifyTree();
  Draft drafted = Draft.NONE; // what this cycle's drafting came to
  final long submittedNanos = System.nanoTime();
  long arrival = NOT_ARRIVED; // its number among those that came to the scheduler
  long admittedNanos; // when it was first admitted, 0 before it
  long prefilledNanos; // when its prompt was computed, 0 before it
  long firstCycleNanos; // when its first cycle was over, 0 before it
  int firstCycleTokens;
  long targetCalls;
  long verifiedTokens;
  long draftedTokens;
  long acceptedTokens;
  long decodedTokens; // of this attempt
  final SpeculationHistory history = new SpeculationHistory();
  SpeculationBudget.Share share; // of this cycle's budget, null for policies without one

  PageReader reader; // of its session's pages, null when there is none to read
  int storedRows; // that the session's pages hold already

  private int[] tokens;
  private int length;
  private int cachedTokens;
  private CacheTier cacheTier = CacheTier.NONE;
  private KvCache targetCache;
  private KvCache headCache;
  // Of the rows the head has not seen yet, oldest first.
  private final List<Features.Rows> features = new ArrayList<>();

  Sequence(
      GenerationRequest request, GenerationListener listener, TreePolicy policy, TextModel model) {
    this.request = request;
    this.listener = listener;
    this.policy = policy;
    SamplingParams params = request.sampling();
    this.sampling = Sampling.of(params.temperature(), params.topK(), params.topP());
    int prompt = request.promptIds().length;
    int most = maxLength(request, model.contextLength());
    this.text = new SequenceText(model, params, most - prompt);
    this.tokens = Arrays.copyOf(request.promptIds(), most);
    this.length = prompt;
    for (int token : request.committedIds()) {
      text.append(token);
      add(token);
    }
  }

  /** Most tokens that a request can reach, prompt included. */
  static int maxLength(GenerationRequest request, int contextLength) {
    int prompt = request.promptIds().length;
    return prompt + Math.min(request.sampling().maxTokens(), contextLength - prompt);
  }

  /** Most tokens this sequence can reach. */
  int maxLength() {
    return tokens.length;
  }

  /** Tokens known, prompt included. */
  int length() {
    return length;
  }

  /** All known tokens, prompt first; longer than {@link #length()}. */
  int[] tokens() {
    return tokens;
  }

  /** Absolute position of the root: the last known token. */
  int rootPosition() {
    return length - 1;
  }

  void add(int token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, length + 1);
    }
    tokens[length++] = token;
  }

  int generatedCount() {
    return length - request.promptIds().length;
  }

  int[] generated() {
    return Arrays.copyOfRange(tokens, request.promptIds().length, length);
  }

  /** Gives the sequence its caches; {@code head} is null where the policy drafts nothing. */
  void open(KvCache target, KvCache head) {
    targetCache = target;
    headCache = head;
  }

  KvCache targetCache() {
    return targetCache;
  }

  KvCache headCache() {
    return headCache;
  }

  /** Draft nodes that the target's cache has room for, beside the root. */
  int scratchRows() {
    return targetCache.capacity() - targetCache.length() - 1;
  }

  /** Features of the rows that the head has not seen yet, oldest first. */
  List<Features.Rows> features() {
    return features;
  }

  /** Rows that the head has not seen yet: the tokens before the root whose features are known. */
  int unseenRows() {
    return rootPosition() - headCache.length();
  }

  /** The features of the first {@code count} of those rows; the sequence goes on holding them. */
  List<Features.Rows> features(int count) {
    List<Features.Rows> first = new ArrayList<>();
    int left = count;
    for (Features.Rows part : features) {
      int wanted = Math.min(left, part.count());
      if (wanted > 0) {
        first.add(new Features.Rows(part.of(), part.rows(), wanted));
      }
      left -= wanted;
    }
    return first;
  }

  /** Drops the features of all rows but the last: the head has seen the others. */
  void keepLastFeatures() {
    Features.Rows part = features.remove(features.size() - 1);
    dropFeatures();
    features.add(new Features.Rows(part.of(), new int[] {part.rows()[part.count() - 1]}, 1));
  }

  /** Drops the features: the head has seen their rows, or never will. */
  void dropFeatures() {
    features.forEach(Features.Rows::close);
    features.clear();
  }

  /** Whether the head reads only when the budget lets this sequence draft. */
  boolean isBudgeted() {
    return policy instanceof BudgetedPolicy;
  }

  /** Notes what was not computed again. A turn that lost its place keeps what it found first. */
  void found(CacheTier tier, int rows) {
    if (targetCalls == 0) {
      cacheTier = tier;
      cachedTokens = Math.min(rows, request.promptIds().length);
    }
  }

  /** Tokens of the prompt whose rows were found in a cache. */
  int cachedTokens() {
    return cachedTokens;
  }

  CacheTier cacheTier() {
    return cacheTier;
  }

  /** Whether the caches hold everything before the root. */
  boolean prefilled() {
    return reader == null && targetCache.length() == rootPosition();
  }

  /** Mean time of its tokens after those of its first cycle; NaN while there are none. */
  double secondsPerToken(long nowNanos) {
    long later = decodedTokens - firstCycleTokens;
    return later == 0 ? Double.NaN : (nowNanos - firstCycleNanos) / 1e9 / later;
  }

  /** Gives up caches and features; with new caches it can go on after another prefill. */
  @Override
  public void close() {
    reader = null;
    storedRows = 0;
    dropFeatures();
    if (targetCache != null) {
      targetCache.close();
      targetCache = null;
    }
    if (headCache != null) {
      headCache.close();
      headCache = null;
    }
  }
}
