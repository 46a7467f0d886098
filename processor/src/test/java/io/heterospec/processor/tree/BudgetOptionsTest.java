package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BudgetOptionsTest {
  @Test
  void whatIsNotNamedStaysAsItIs() {
    assertThat(BudgetOptions.with(Map.of())).isEqualTo(BudgetOptions.defaults());
    BudgetOptions changed = BudgetOptions.with(Map.of("history-prior", 5.0, "last-trial", 500.0));
    assertThat(changed.historyPrior()).isEqualTo(5);
    assertThat(changed.lastTrial()).isEqualTo(500);
    assertThat(changed.rateStep()).isEqualTo(BudgetOptions.defaults().rateStep());
  }

  @ParameterizedTest
  @CsvSource({
    "rate-step, 2, rate step must be between",
    "rate-step, NaN, rate step must be between",
    "history-memory, 0.5, history memory must be between",
    "first-trial, 1000, first trial must be between",
    "speed, 3, the budget has no constant speed"
  })
  void whatIsOutOfRangeOrUnknownIsNamed(String name, double value, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BudgetOptions.with(Map.of(name, value)))
        .withMessageContaining(message);
  }
}
