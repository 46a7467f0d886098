package io.heterospec.topology.generate;

import io.heterospec.processor.engine.CycleReport;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.schemas.GenerationProgress;
import io.heterospec.schemas.SpeculationSummary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a generation has published so far, summed over its cycles and attempts. */
final class Progress {
  private static final int BINS = 8;

  private final List<Integer> tokens = new ArrayList<>();
  private final long[] binCycles = new long[BINS];
  private String mode = "";
  private int textChars;
  private int cycles;
  private long verified;
  private long drafted;

  /** Adds what an earlier attempt committed. */
  void restore(GenerationProgress step) {
    tokens.addAll(step.getTokenIds());
    textChars += step.getTextChars();
    cycles += step.getCycles();
    verified += step.getVerified();
    drafted += step.getDrafted();
    for (int i = 0; i < step.getBinCycles().size(); i++) {
      binCycles[i] += step.getBinCycles().get(i);
    }
  }

  /** Adds the cycles of one drain, at least one; returns the entry to append to the store. */
  GenerationProgress add(List<GenerationStep> steps) {
    List<Integer> fresh = new ArrayList<>();
    long[] bins = new long[BINS];
    boolean binned = false;
    GenerationProgress.Builder entry =
        GenerationProgress.newBuilder()
            .setTokenOffset(steps.get(0).tokenOffset())
            .setCycles(steps.size())
            .setTargetCalls(steps.size());
    for (GenerationStep step : steps) {
      CycleReport cycle = step.cycle();
      for (int token : step.tokenIds()) {
        fresh.add(token);
      }
      if (cycle.bin() >= 0) {
        bins[cycle.bin()]++;
        binned = true;
      }
      entry
          .setTextChars(entry.getTextChars() + step.text().length())
          .setVerified(entry.getVerified() + cycle.verified())
          .setDrafted(entry.getDrafted() + cycle.candidates())
          .setDecodeMs(entry.getDecodeMs() + cycle.totalNanos() / 1e6);
      mode = cycle.policy();
    }
    GenerationProgress added =
        entry
            .setTokenIds(fresh)
            .setAccepted(fresh.size() - steps.size())
            .setBinCycles(binned ? Arrays.stream(bins).boxed().toList() : List.of())
            .build();
    restore(added);
    return added;
  }

  List<Integer> tokens() {
    return tokens;
  }

  int[] tokenArray() {
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Characters of text that deltas have carried. */
  int textChars() {
    return textChars;
  }

  int cycles() {
    return cycles;
  }

  /** Sums for the completion; the mode is that of the last cycle seen by this process. */
  SpeculationSummary summary() {
    return SpeculationSummary.newBuilder()
        .setMode(mode)
        .setTargetCalls(cycles)
        .setVerifiedTokens(verified)
        .setDraftedTokens(drafted)
        .setAcceptedTokens(tokens.size() - cycles)
        .setMeanAcceptanceLength(cycles == 0 ? 0 : (double) tokens.size() / cycles)
        .setBinCycles(Arrays.stream(binCycles).boxed().toList())
        .build();
  }
}
