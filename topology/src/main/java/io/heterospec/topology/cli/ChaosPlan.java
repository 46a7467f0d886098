package io.heterospec.topology.cli;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What a chaos run does.
 *
 * @param prompts requests that faults may disturb
 * @param faults as they follow one another
 * @param inFlight requests that are open at once
 */
record ChaosPlan(int prompts, List<ChaosFault> faults, int inFlight) {

  /** So many faults of some kinds, which take turns. */
  static ChaosPlan of(int prompts, List<ChaosFault> kinds, int count, int inFlight) {
    List<ChaosFault> faults =
        IntStream.range(0, count).mapToObj(i -> kinds.get(i % kinds.size())).toList();
    return new ChaosPlan(prompts, faults, inFlight);
  }
}
