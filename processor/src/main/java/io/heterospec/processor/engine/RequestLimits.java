package io.heterospec.processor.engine;

import io.heterospec.processor.text.TextModel;
import io.heterospec.processor.tree.TreePolicy;

/** What a request must keep to so that it can ever run. Safe for use by several threads. */
final class RequestLimits {
  private final TextModel model;
  private final CacheBudget caches;

  RequestLimits(TextModel model, CacheBudget caches) {
    this.model = model;
    this.caches = caches;
  }

  /**
   * @throws IllegalArgumentException saying what does not fit
   */
  void require(GenerationRequest request, TreePolicy policy) {
    requireIds("prompt", request.promptIds());
    requireIds("committed", request.committedIds());
    int context = model.contextLength();
    if (request.promptIds().length >= context) {
      throw new IllegalArgumentException(
          "the prompt has %d tokens and leaves no room in the context of %d; shorten it"
              .formatted(request.promptIds().length, context));
    }
    caches.requireFits(policy, Sequence.maxLength(request, context));
  }

  void requireIds(String what, int[] ids) {
    for (int id : ids) {
      if (id < 0 || id >= model.vocabularySize()) {
        throw new IllegalArgumentException(
            "%s token id %d is outside the vocabulary of %d tokens"
                .formatted(what, id, model.vocabularySize()));
      }
    }
  }
}
