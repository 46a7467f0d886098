package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchTableTest {
  private static final List<String> MODES = List.of("vanilla", "eagle3", "heterospec");

  /** A prompt of each category, a second apart; {@code seconds} for maths, twice that for code. */
  private static List<BenchBlock> blocks(String mode, int concurrency, int repetition, double s) {
    return List.of(
        new BenchBlock(
            mode, concurrency, repetition, s, List.of(Generations.of(0, "maths", s, 2, 1, 2))),
        new BenchBlock(
            mode, concurrency, repetition, 2 * s, List.of(Generations.of(1, "code", s, 2, 3, 4))));
  }

  private static BenchTable table() {
    List<BenchBlock> blocks = new ArrayList<>();
    blocks.addAll(blocks("heterospec", 1, 0, 0.5));
    blocks.addAll(blocks("vanilla", 1, 0, 1));
    blocks.addAll(blocks("eagle3", 1, 0, 1));
    blocks.addAll(blocks("vanilla", 4, 0, 0.5));
    blocks.addAll(blocks("eagle3", 4, 0, 0.4));
    blocks.addAll(blocks("heterospec", 4, 0, 0.25));
    blocks.addAll(blocks("vanilla", 1, 1, 1));
    blocks.addAll(blocks("heterospec", 1, 1, 0.5));
    blocks.addAll(blocks("eagle3", 1, 1, 0.5));
    return new BenchTable(MODES, blocks);
  }

  @Test
  void rowsAreOrderedByConcurrencyCategoryAndMode() {
    assertThat(table().rows())
        .extracting(row -> row.concurrency() + " " + row.category() + " " + row.mode())
        .startsWith("1 code vanilla", "1 code eagle3", "1 code heterospec", "1 maths vanilla")
        .endsWith("4 all vanilla", "4 all eagle3", "4 all heterospec")
        .hasSize(18);
  }

  @Test
  void aRowTellsTheMedianOfItsRepetitionsAndTheirRange() {
    JsonNode eagle3 = table().row("eagle3", 1, "maths").orElseThrow().toJson();
    assertThat(eagle3.get("repetitions").asInt()).isEqualTo(2);
    assertThat(eagle3.get("min_tokens_per_second").asDouble()).isEqualTo(2);
    assertThat(eagle3.get("max_tokens_per_second").asDouble()).isEqualTo(4);
    assertThat(eagle3.get("tokens_per_second").asDouble()).isEqualTo(3);
    assertThat(eagle3.get("seconds").asDouble()).isEqualTo(0.75);
    assertThat(eagle3.get("output_tokens").asInt()).isEqualTo(2);
    assertThat(eagle3.get("acceptance_by_depth")).hasSize(8);
    assertThat(eagle3.get("acceptance_by_depth").get(0).asDouble()).isEqualTo(0.5);
  }

  @Test
  void speedUpsAreRatiosOfMediansAndTheirMeanIsOverCategories() {
    BenchTable table = table();
    assertThat(table.speedUp("heterospec", "vanilla", 1, "maths")).hasValue(2);
    assertThat(table.meanSpeedUp("eagle3", "vanilla", 1).orElseThrow())
        .isCloseTo(1.5, within(1e-9));
    assertThat(table.meanSpeedUp("heterospec", "nothing", 1)).isEmpty();
    JsonNode summary = BenchSummary.toJson(table);
    assertThat(summary.get("concurrency").asInt()).isEqualTo(1);
    assertThat(summary.get("categories").asInt()).isEqualTo(2);
    JsonNode heterospec = summary.get("mean_speedup").get(2);
    assertThat(heterospec.get("over_vanilla").asDouble()).isEqualTo(2);
    assertThat(heterospec.get("over_eagle3").asDouble()).isEqualTo(1.333);
    assertThat(heterospec.get("categories")).hasSize(2);
    assertThat(summary.get("all")).hasSize(6);
  }

  @Test
  void outputsAreComparedWithWhatVanillaMadeAlone() {
    List<BenchBlock> blocks = new ArrayList<>();
    blocks.addAll(blocks("eagle3", 1, 0, 1));
    blocks.add(new BenchBlock("vanilla", 4, 0, 1, List.of(Generations.of(0, "maths", 1, 2, 8, 8))));
    blocks.addAll(blocks("vanilla", 1, 0, 1));
    BenchTable table = new BenchTable(MODES, blocks);
    assertThat(table.row("eagle3", 1, "maths").orElseThrow().differing()).isZero();
    JsonNode beside = table.row("vanilla", 4, "maths").orElseThrow().toJson();
    assertThat(beside.get("identical_to_vanilla").asBoolean()).isFalse();
    assertThat(beside.get("differing_generations").asInt()).isOne();
  }

  @Test
  void withoutVanillaNothingIsSaidOfIdentityOrSpeedUpOverIt() {
    BenchTable table = new BenchTable(List.of("eagle3"), blocks("eagle3", 1, 0, 1));
    assertThat(table.rows().get(0).toJson().get("identical_to_vanilla").isNull()).isTrue();
    JsonNode summary = BenchSummary.toJson(table);
    assertThat(summary.get("mean_speedup").get(0).get("over_vanilla").isNull()).isTrue();
    assertThat(summary.get("mean_speedup").get(0).get("over_eagle3").asDouble()).isEqualTo(1);
  }

  @Test
  void aCategoryNamedLikeTheSumIsNotCountedTwice() {
    BenchTable table =
        new BenchTable(
            List.of("eagle3"),
            List.of(
                new BenchBlock(
                    "eagle3", 1, 0, 1, List.of(Generations.of(0, Bench.ALL, 1, 2, 1, 2)))));
    assertThat(table.rows()).hasSize(1);
    assertThat(table.rows().get(0).median(BenchRun::outputTokens)).isEqualTo(2);
    assertThat(table.meanSpeedUp("eagle3", "eagle3", 1)).hasValue(1);
  }

  @Test
  void theTablesForPeopleHaveEveryModeAndConcurrency() {
    StringWriter out = new StringWriter();
    new BenchPrinter(new PrintWriter(out), table()).print();
    assertThat(out.toString())
        .contains("same as vanilla", "median of 2 repetitions")
        .contains("Cycles that accept at least d draft tokens, at concurrency 1")
        .contains("Speed-up at concurrency 1, mean of 2 categories")
        .containsPattern("heterospec +2\\.00 +1\\.33")
        .containsPattern("heterospec +2\\.7 \\( 2\\.00\\) +5\\.3 \\( 2\\.00\\)");
  }
}
