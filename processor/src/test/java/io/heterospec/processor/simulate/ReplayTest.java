package io.heterospec.processor.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.tree.CostTable;
import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.TreeShape;
import io.heterospec.processor.tree.VanillaPolicy;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplayTest {
  private static final SurveyedText TEXT =
      Surveys.predicted(2, 0.5, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18);

  /**
   * 10 ms a pass and 1 for each row of it, 2 ms a first call of the head, 3 a level, 1.5 to read.
   */
  private static CostTable costs() {
    double[][] verify = {{11, 12}, {12, 14}};
    double[][] level = {{3, 3}, {3, 3}};
    int[] two = {1, 2};
    return new CostTable("test", two, two, verify, verify, level, new double[] {2, 2}, 1.5);
  }

  @Test
  void addsUpWhatTheTableSaysOfEachCycle() {
    TreeShape shape = new TreeShape(2, 2, 2);

    Replay replay = Replay.run(List.of(TEXT), new Eagle3Policy(shape), null, costs(), 1);

    // The first token comes with the prompt, as that of a plain pass. Each pass after it verifies
    // the root and both nodes of the chain: three rows, three tokens.
    ReplayedText replayed = replay.texts().get(0);
    assertThat(replayed.targetCalls()).isEqualTo(1 + 3);
    assertThat(replayed.verifiedTokens()).isEqualTo(1 + 9);
    assertThat(replayed.acceptanceLength()).isEqualTo(2.5);
    // The head has three rows to read each time, one more than usual.
    assertThat(replayed.ms()).isCloseTo(11 + 3 * (2 + 1.5 + 3 + 13), within(1e-9));
    // Of the root and a frontier of two the survey knows nothing of what follows the wrong node.
    assertThat(replay.unknown()).isCloseTo(1 / 3.0, within(1e-9));
  }

  @Test
  void textsSideBySideShareTheTimeOfACycle() {
    List<SurveyedText> texts = Collections.nCopies(4, TEXT);

    Replay replay = Replay.run(texts, new VanillaPolicy(), null, costs(), 2);

    ReplayedText all = ReplayedText.sum("all", replay.texts());
    assertThat(all.tokens()).isEqualTo(40);
    assertThat(all.targetCalls()).isEqualTo(40);
    assertThat(all.ms()).isCloseTo(20 * 12, within(1e-9));
  }

  @Test
  void aSurveyOfSmallerTreesThanThePolicyDraftsIsRefused() {
    Eagle3Policy deep = new Eagle3Policy(new TreeShape(2, 3, 4));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Replay.run(List.of(TEXT), deep, null, costs(), 1))
        .withMessageContaining("the survey is 2 levels deep and eagle3 drafts 3");
  }
}
