package io.heterospec.topology.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.schemas.GenerationDelta;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TextAssemblyTest {
  private final TextAssembly text = new TextAssembly();

  private static GenerationDelta delta(int offset, int tokens, String text) {
    return GenerationDelta.newBuilder()
        .setRequestId("r")
        .setTokenOffset(offset)
        .setTokenIds(IntStream.range(0, tokens).boxed().toList())
        .setText(text)
        .build();
  }

  @Test
  void piecesInOrderAreGivenOutAsTheyCome() {
    assertThat(text.add(delta(0, 2, "Hel"))).isEqualTo("Hel");
    assertThat(text.add(delta(2, 1, ""))).isEmpty();
    assertThat(text.add(delta(3, 1, "lo"))).isEqualTo("lo");
    assertThat(text.rest("Hello")).isEmpty();
  }

  @Test
  void whatComesAgainIsDropped() {
    text.add(delta(0, 2, "ab"));
    assertThat(text.add(delta(0, 2, "ab"))).isEmpty();
    assertThat(text.add(delta(2, 1, "c"))).isEqualTo("c");
  }

  @Test
  void aRepeatThatIsCutOtherwiseGivesOnlyWhatIsNew() {
    text.add(delta(0, 2, "ab"));
    text.add(delta(2, 2, "cd"));
    // Its writer died; the next one goes on from the two tokens that were committed.
    assertThat(text.add(delta(2, 1, "c"))).isEmpty();
    assertThat(text.add(delta(3, 3, "def"))).isEqualTo("ef");
    assertThat(text.add(delta(6, 1, "g"))).isEqualTo("g");
  }

  @Test
  void aTailWithoutTokensIsGivenOutOnce() {
    text.add(delta(0, 1, "a"));
    assertThat(text.add(delta(1, 0, "b"))).isEqualTo("b");
    assertThat(text.add(delta(1, 0, "b"))).isEmpty();
  }

  @Test
  void afterAGapTheCompletionGivesTheRest() {
    text.add(delta(0, 1, "a"));
    assertThat(text.add(delta(2, 1, "c"))).isEmpty();
    assertThat(text.add(delta(3, 1, "d"))).isEmpty();
    assertThat(text.hasGap()).isTrue();
    assertThat(text.rest("abcd")).isEqualTo("bcd");
  }

  @Test
  void aTextThatTurnsOutOtherwiseIsNotPassedOff() {
    text.add(delta(0, 1, "a"));
    assertThatThrownBy(() -> text.rest("b")).isInstanceOf(TextAssembly.TextChangedException.class);
  }
}
