package io.heterospec.processor.engine;

import io.heterospec.processor.text.HuggingFaceTextModel;
import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.SpeculationBudget;
import io.heterospec.processor.tree.SurvivalCounts;
import io.heterospec.processor.tree.SurvivalModel;

/** What an engine loads of a pair, for tests that run a scheduler on their own thread. */
record LoadedPair(
    EngineOptions options, HuggingFaceTextModel text, ModelPair models, Policies policies)
    implements AutoCloseable {

  static LoadedPair load(EngineOptions options) {
    HuggingFaceTextModel text =
        HuggingFaceTextModel.open(options.model(), options.draft(), options.name());
    ModelPair models = ModelPair.load(options);
    return new LoadedPair(options, text, models, new Policies(options, text.fingerprint()));
  }

  SessionCaches sessions() {
    return new SessionCaches(models, text.fingerprint());
  }

  /** One that has seen nothing yet. */
  SpeculationBudget budget(CostTable costs) {
    EntropyBins bins = policies.bins();
    int topK = policies.shape().topK();
    SurvivalCounts nothing = SurvivalCounts.empty(bins.count(), topK);
    return new SpeculationBudget(costs, new SurvivalModel(bins, topK, nothing));
  }

  Sequence sequence(GenerationRequest request, GenerationListener listener) {
    return new Sequence(request, listener, policies.named(request.mode()), text);
  }

  @Override
  public void close() {
    models.close();
    text.close();
  }
}
