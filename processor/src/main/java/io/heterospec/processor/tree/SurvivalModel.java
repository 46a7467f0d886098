package io.heterospec.processor.tree;

/**
 * Survival probabilities of draft nodes: the path confidence, corrected by what was seen in cycles
 * of the same entropy bin. It begins with what {@link SurvivalCounts calibration} found and keeps
 * learning, old observations fading exponentially. Belongs to one thread.
 *
 * <p>The correction depends on the bin and the confidence alone and never grows along a path, so
 * the nodes of highest survival form a subtree as those of highest confidence do.
 */
public final class SurvivalModel {
  /** Chance that the best child of an accepted node is accepted, before anything was seen. */
  private static final double FIRST_CHILD = 0.6;

  private final BudgetOptions options;
  private final EntropyBins bins;
  private final int topK;
  private final SurvivalCounts counts;
  private final double[][] rates;

  /**
   * A model with the default constants.
   *
   * @param calibration what was seen before; not changed
   */
  public SurvivalModel(EntropyBins bins, int topK, SurvivalCounts calibration) {
    this(bins, topK, calibration, BudgetOptions.defaults());
  }

  /**
   * @param calibration what was seen before; not changed
   */
  public SurvivalModel(
      EntropyBins bins, int topK, SurvivalCounts calibration, BudgetOptions options) {
    if (!calibration.fits(bins.count(), topK)) {
      throw new IllegalArgumentException(
          "the survival counts were made for other bins or another top-k; calibrate again");
    }
    this.options = options;
    this.bins = bins;
    this.topK = topK;
    this.counts = SurvivalCounts.empty(bins.count(), topK);
    this.rates = new double[bins.count()][SurvivalCounts.BUCKETS];
    for (int bin = 0; bin < bins.count(); bin++) {
      for (int bucket = 0; bucket < SurvivalCounts.BUCKETS; bucket++) {
        double share = share(calibration.seen()[bin][bucket]);
        counts.seen()[bin][bucket] = share * calibration.seen()[bin][bucket];
        counts.survived()[bin][bucket] = share * calibration.survived()[bin][bucket];
      }
      double share = share(calibration.expanded()[bin]);
      counts.expanded()[bin] = share * calibration.expanded()[bin];
      for (int rank = 0; rank < topK; rank++) {
        counts.continued()[bin][rank] = share * calibration.continued()[bin][rank];
      }
      refresh(bin);
    }
  }

  // A calibration of any size fades like what is seen from now on.
  private double share(double seen) {
    double memory = options.survivalMemory();
    return seen <= memory ? 1 : memory / seen;
  }

  /**
   * Bin of a tree of any depth: its entropy is compared as if it went on in the same way to the
   * depth that the bins were made for.
   */
  public int binOf(DraftTree tree) {
    return bins.binOf(tree.metaPathEntropy() * bins.shape().depth() / tree.depth());
  }

  /** Probability that a node and all its ancestors are accepted. */
  public double survival(int bin, double logConfidence) {
    double at = SurvivalCounts.scale(logConfidence) - 0.5;
    if (at <= 0) {
      // From a certain node, which is worth the first bucket's rate scaled up to its confidence.
      double[] line = rates[bin];
      double edge = Math.min(1, line[0] / SurvivalCounts.centre(0));
      return edge + (line[0] - edge) * (at + 0.5) / 0.5;
    }
    int low = (int) Math.min(at, SurvivalCounts.BUCKETS - 1.0);
    if (low >= SurvivalCounts.BUCKETS - 1) {
      // Beyond the last bucket's centre survival falls as confidence does.
      double last = rates[bin][SurvivalCounts.BUCKETS - 1];
      double centre = SurvivalCounts.centre(SurvivalCounts.BUCKETS - 1);
      return last * Math.min(1, Math.exp(logConfidence) / centre);
    }
    double share = at - low;
    return rates[bin][low] * (1 - share) + rates[bin][low + 1] * share;
  }

  /** Chance that the child of a rank carries the token after an accepted node. */
  public double continuation(int bin, int rank) {
    double prior = FIRST_CHILD / (1 << Math.min(rank, 30));
    return (counts.continued()[bin][rank] + options.survivalPrior() * prior)
        / (counts.expanded()[bin] + options.survivalPrior());
  }

  /** The same over all bins. */
  public double continuation(int rank) {
    double expanded = options.survivalPrior();
    double continued = options.survivalPrior() * FIRST_CHILD / (1 << Math.min(rank, 30));
    for (int bin = 0; bin < bins.count(); bin++) {
      expanded += counts.expanded()[bin];
      continued += counts.continued()[bin][rank];
    }
    return continued / expanded;
  }

  BudgetOptions options() {
    return options;
  }

  /** Most children of a node. */
  public int topK() {
    return topK;
  }

  /** Learns whether a verified node survived. */
  void learnNode(int bin, double logConfidence, boolean survived) {
    int bucket = SurvivalCounts.bucket(logConfidence);
    double keep = 1 - 1 / options.survivalMemory();
    counts.seen()[bin][bucket] *= keep;
    counts.survived()[bin][bucket] *= keep;
    counts.node(bin, logConfidence, survived);
  }

  /** Learns which child of an accepted node carried the next token; -1 for none. */
  void learnContinuation(int bin, int rank) {
    double keep = 1 - 1 / options.survivalMemory();
    counts.expanded()[bin] *= keep;
    for (int i = 0; i < topK; i++) {
      counts.continued()[bin][i] *= keep;
    }
    counts.continuation(bin, rank);
  }

  /** Makes what was learned of a bin count. */
  void refresh(int bin) {
    double[] weight = new double[SurvivalCounts.BUCKETS];
    double[] line = rates[bin];
    for (int bucket = 0; bucket < line.length; bucket++) {
      weight[bucket] = counts.seen()[bin][bucket] + options.survivalPrior();
      line[bucket] =
          (counts.survived()[bin][bucket] + options.survivalPrior() * SurvivalCounts.centre(bucket))
              / weight[bucket];
    }
    Isotonic.makeDescending(line, weight);
  }
}
