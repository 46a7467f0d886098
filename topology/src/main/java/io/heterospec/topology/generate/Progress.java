package io.heterospec.topology.generate;

import io.heterospec.processor.engine.CycleReport;
import io.heterospec.processor.engine.GenerationStep;
import io.heterospec.schemas.GenerationProgress;
import io.heterospec.schemas.SpeculationSummary;
import java.util.ArrayList;
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

  /** Adds one cycle; returns the entry to append to the store. */
  GenerationProgress add(GenerationStep step) {
    CycleReport cycle = step.cycle();
    List<Long> bins = new ArrayList<>();
    if (cycle.bin() >= 0) {
      for (int i = 0; i < BINS; i++) {
        bins.add(i == cycle.bin() ? 1L : 0L);
      }
    }
    GenerationProgress entry =
        GenerationProgress.newBuilder()
            .setTokenOffset(step.tokenOffset())
            .setTokenIds(boxed(step.tokenIds()))
            .setTextChars(step.text().length())
            .setCycles(1)
            .setTargetCalls(1)
            .setVerified(cycle.verified())
            .setDrafted(cycle.candidates())
            .setAccepted(step.tokenIds().length - 1)
            .setBinCycles(bins)
            .setDecodeMs(cycle.totalNanos() / 1e6)
            .build();
    restore(entry);
    mode = cycle.policy();
    return entry;
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
    List<Long> bins = new ArrayList<>();
    for (long count : binCycles) {
      bins.add(count);
    }
    return SpeculationSummary.newBuilder()
        .setMode(mode)
        .setTargetCalls(cycles)
        .setVerifiedTokens(verified)
        .setDraftedTokens(drafted)
        .setAcceptedTokens(tokens.size() - cycles)
        .setMeanAcceptanceLength(cycles == 0 ? 0 : (double) tokens.size() / cycles)
        .setBinCycles(bins)
        .build();
  }

  private static List<Integer> boxed(int[] ids) {
    List<Integer> list = new ArrayList<>(ids.length);
    for (int id : ids) {
      list.add(id);
    }
    return list;
  }
}
