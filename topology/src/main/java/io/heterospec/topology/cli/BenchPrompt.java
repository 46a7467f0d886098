package io.heterospec.topology.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A prompt as token ids.
 *
 * @param index place among the benchmark's prompts: the same prompt in every mode
 */
record BenchPrompt(int index, String category, int[] ids) {

  /**
   * The prompts in an order in which each stretch holds the categories in the proportions of the
   * whole, so that what runs side by side is mixed at any time.
   */
  static List<BenchPrompt> mixed(List<BenchPrompt> prompts) {
    Map<String, Integer> sizes = new HashMap<>();
    prompts.forEach(prompt -> sizes.merge(prompt.category(), 1, Integer::sum));
    Map<String, Integer> seen = new HashMap<>();
    record Placed(BenchPrompt prompt, double place) {}
    List<Placed> placed = new ArrayList<>();
    for (BenchPrompt prompt : prompts) {
      int nth = seen.merge(prompt.category(), 1, Integer::sum);
      placed.add(new Placed(prompt, (nth - 0.5) / sizes.get(prompt.category())));
    }
    placed.sort(Comparator.comparingDouble(Placed::place));
    return placed.stream().map(Placed::prompt).toList();
  }
}
