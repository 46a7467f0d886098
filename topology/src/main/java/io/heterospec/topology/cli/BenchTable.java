package io.heterospec.topology.cli;

import io.heterospec.processor.tree.VanillaPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** The rows of a benchmark: by concurrency, then category (all of them last), then mode. */
final class BenchTable {
  private record Key(int concurrency, String category, String mode) {}

  private final List<String> modes;
  private final List<BenchRow> rows = new ArrayList<>();

  /**
   * @param modes in the order in which they are shown
   */
  BenchTable(List<String> modes, List<BenchBlock> blocks) {
    this.modes = modes;
    Map<Integer, int[]> vanilla = modes.contains(VanillaPolicy.NAME) ? alone(blocks) : null;
    Map<Key, Map<Integer, BenchRun>> runs = new LinkedHashMap<>();
    for (BenchBlock block : blocks) {
      for (String category : block.categories()) {
        runs.computeIfAbsent(
                new Key(block.concurrency(), category, block.mode()), key -> new LinkedHashMap<>())
            .computeIfAbsent(block.repetition(), repetition -> new BenchRun())
            .add(block.of(category));
      }
    }
    runs.forEach(
        (key, repetitions) ->
            rows.add(
                new BenchRow(
                    key.mode(),
                    key.concurrency(),
                    key.category(),
                    List.copyOf(repetitions.values()),
                    vanilla)));
    rows.sort(
        Comparator.comparingInt(BenchRow::concurrency)
            .thenComparing(BenchRow::isAll)
            .thenComparing(BenchRow::category)
            .thenComparingInt(row -> modes.indexOf(row.mode())));
  }

  // Where vanilla ran more than once, what it made with the fewest others beside it counts.
  private static Map<Integer, int[]> alone(List<BenchBlock> blocks) {
    Map<Integer, int[]> tokens = new HashMap<>();
    blocks.stream()
        .filter(block -> block.mode().equals(VanillaPolicy.NAME))
        .sorted(Comparator.comparingInt(BenchBlock::concurrency))
        .flatMap(block -> block.generations().stream())
        .forEach(g -> tokens.putIfAbsent(g.prompt().index(), g.tokenIds()));
    return tokens;
  }

  List<String> modes() {
    return modes;
  }

  List<BenchRow> rows() {
    return rows;
  }

  /** Measured concurrencies, ascending. */
  List<Integer> concurrencies() {
    return rows.stream().map(BenchRow::concurrency).distinct().toList();
  }

  int lowestConcurrency() {
    return concurrencies().get(0);
  }

  /** Categories, without the one that sums them up unless there is no other. */
  List<String> categories() {
    List<String> names =
        rows.stream().filter(row -> !row.isAll()).map(BenchRow::category).distinct().toList();
    return names.isEmpty() ? List.of(Bench.ALL) : names;
  }

  Optional<BenchRow> row(String mode, int concurrency, String category) {
    return rows.stream()
        .filter(row -> row.mode().equals(mode))
        .filter(row -> row.concurrency() == concurrency)
        .filter(row -> row.category().equals(category))
        .findFirst();
  }

  /** Tokens per second of a mode divided by those of another; empty where one did not run. */
  OptionalDouble speedUp(String mode, String over, int concurrency, String category) {
    Optional<BenchRow> fast = row(mode, concurrency, category);
    Optional<BenchRow> base = row(over, concurrency, category);
    return fast.isEmpty() || base.isEmpty() || base.get().tokensPerSecond() == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(fast.get().tokensPerSecond() / base.get().tokensPerSecond());
  }

  /** The mean of the categories' speed-ups; empty where one of the modes did not run. */
  OptionalDouble meanSpeedUp(String mode, String over, int concurrency) {
    return categories().stream()
        .map(category -> speedUp(mode, over, concurrency, category))
        .filter(OptionalDouble::isPresent)
        .mapToDouble(OptionalDouble::getAsDouble)
        .average();
  }
}
