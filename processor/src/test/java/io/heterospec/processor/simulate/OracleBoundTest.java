package io.heterospec.processor.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.tree.CostTable;
import java.util.List;
import org.junit.jupiter.api.Test;

class OracleBoundTest {
  /** A pass takes 10 ms and each further row as told; drafting takes 1 ms a call. */
  private static CostTable costs(double row) {
    double[][] verify = {{10, 10 + row}};
    double[][] level = {{1, 1}};
    int[] rows = {1, 2};
    return new CostTable("test", new int[] {1}, rows, verify, verify, level, new double[] {1}, 0);
  }

  private static ReplayedText bound(CostTable costs, boolean freeDrafts, SurveyedText text) {
    return new OracleBound(costs, freeDrafts).of(List.of(text)).get(0);
  }

  @Test
  void acceptsAllThatIsProposedWhereRowsAreCheap() {
    // The first token comes with the prompt, in 10 ms. Nine more in three passes of three rows: 10
    // + 2 · 0.5 for the pass and 2 for the drafts.
    SurveyedText text = Surveys.predicted(2, 0.5, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18);

    ReplayedText bound = bound(costs(0.5), false, text);

    assertThat(bound.targetCalls()).isEqualTo(1 + 3);
    assertThat(bound.verifiedTokens()).isEqualTo(1 + 9);
    assertThat(bound.ms()).isCloseTo(10 + 3 * 13, within(1e-9));
    assertThat(bound(costs(0.5), true, text).ms()).isCloseTo(10 + 3 * 11, within(1e-9));
  }

  @Test
  void draftsNothingWhereARowCostsAsMuchAsAPass() {
    ReplayedText bound = bound(costs(10), false, Surveys.predicted(2, 0.5, 10, 11, 12, 13));

    assertThat(bound.targetCalls()).isEqualTo(4);
    assertThat(bound.ms()).isCloseTo(40, within(1e-9));
  }
}
