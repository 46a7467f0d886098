package io.heterospec.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {

  private final Topics topics = Topics.withDefaultPrefix();

  @Test
  void shouldPutEveryNameUnderThePrefix() {
    assertThat(
            Stream.of(
                topics.prompts(),
                topics.cancellations(),
                topics.requests("gpu"),
                topics.deltas(),
                topics.completions(),
                topics.telemetry(),
                topics.deadLetters(),
                topics.responses()))
        .containsExactly(
            "heterospec.prompts",
            "heterospec.cancellations",
            "heterospec.requests.gpu",
            "heterospec.deltas",
            "heterospec.completions",
            "heterospec.telemetry",
            "heterospec.dead-letters",
            "heterospec.responses");
  }

  @ParameterizedTest
  @NullAndEmptySource
  @ValueSource(strings = {"a b", "gpu/0", "ü"})
  void shouldRefuseNamesKafkaDoesNotAllow(String name) {
    assertThatThrownBy(() -> topics.requests(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("pool");
    assertThatThrownBy(() -> new Topics(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("topic prefix");
  }

  @Test
  void shouldRefuseATopicNameThatIsTooLong() {
    assertThatThrownBy(() -> topics.requests("p".repeat(240)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("shorter pool name");
  }
}
